#ifndef CPROCESSGUARD_H
#define CPROCESSGUARD_H

#include <stdint.h>
#include <sys/types.h>

/// Starts a guard: a small process that kills every process with `marker` in its environment ("NAME=value"), and
/// everything else in the sessions of these, when a deadline passes or when the connection to it ends, which it does with
/// the process that holds it, however that one dies.
///
/// Returns 0, or an errno value. `connection` is the descriptor to hand deadlines over with; children do not inherit it.
///
/// The guard is this program's own file, started again: a constructor in it runs before main, finds by the environment that
/// it is the guard, and never returns. So it is there wherever the program is, and shares nothing with its threads.
int cprocessguard_start(pid_t *pid, int *connection, const char *marker);

/// Sets the guard's deadline: nanoseconds of CLOCK_BOOTTIME, INT64_MAX for none.
///
/// Returns 0, or an errno value: EPIPE when the guard is gone.
int cprocessguard_set_deadline(int connection, int64_t nanoseconds);

/// Now, as deadlines are counted: CLOCK_BOOTTIME, which goes on while the machine sleeps.
int64_t cprocessguard_now(void);

#endif
