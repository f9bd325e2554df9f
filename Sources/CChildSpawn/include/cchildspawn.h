#ifndef CCHILDSPAWN_H
#define CCHILDSPAWN_H

#include <sys/types.h>

/// Starts a program in a session of its own and returns 0, or an errno value.
///
/// posix_spawn with what Swift's Glibc module hides (setsid, chdir and closefrom are GNU extensions): all signals get their
/// default action and none is blocked, standard input, output and error are the given descriptors (-1 means /dev/null),
/// every other descriptor is closed, and the working directory is `directory`.
int cchildspawn_start(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory,
                      int standard_input, int standard_output, int standard_error);

#endif
