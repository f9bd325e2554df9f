#define _GNU_SOURCE
#include "cchildspawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

static int place(posix_spawn_file_actions_t *actions, int source, int target) {
    if (source < 0) {
        return posix_spawn_file_actions_addopen(actions, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0);
    }
    // A source that already is the target keeps its number; dup2 onto itself then clears close-on-exec (glibc does so).
    return posix_spawn_file_actions_adddup2(actions, source, target);
}

int cchildspawn_start(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory,
                      int standard_input, int standard_output, int standard_error) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }

    sigset_t every, none;
    sigfillset(&every);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &every);
    posix_spawnattr_setsigmask(&attributes, &none);
    error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (error == 0) error = place(&actions, standard_input, 0);
    if (error == 0) error = place(&actions, standard_output, 1);
    if (error == 0) error = place(&actions, standard_error, 2);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (error == 0) error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (error == 0) error = posix_spawn(pid, path, &actions, &attributes, argv, envp);

    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}
