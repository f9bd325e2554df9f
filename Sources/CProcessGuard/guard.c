#define _GNU_SOURCE
#include "cprocessguard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static const char variable[] = "CRYPTOFLOW_PROCESS_GUARD";

int64_t cprocessguard_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int cprocessguard_start(pid_t *pid, int *connection, const char *marker) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
    char entry[512];
    int length = snprintf(entry, sizeof entry, "%s=%s", variable, marker);
    if (length < 0 || (size_t)length >= sizeof entry) {
        close(ends[0]);
        close(ends[1]);
        return E2BIG;
    }
    // Libraries may lie where only the environment says.
    char libraries[4096] = "LD_LIBRARY_PATH=";
    const char *path = getenv("LD_LIBRARY_PATH");
    if (path && strlen(path) < sizeof libraries - 20) strcat(libraries, path);
    char *arguments[] = {(char *)"cryptoflow-process-guard", NULL};
    char *environment[] = {entry, path ? libraries : NULL, NULL};

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t every, none;
    sigfillset(&every);
    sigemptyset(&none);
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawnattr_init(&attributes);
        if (error == 0) {
            posix_spawnattr_setsigdefault(&attributes, &every);
            posix_spawnattr_setsigmask(&attributes, &none);
            // A session of its own: Ctrl-C in a terminal is not meant for it.
            posix_spawnattr_setflags(
                &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
            error = posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
            if (error == 0) error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
            if (error == 0) error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
            if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
            if (error == 0) error = posix_spawn_file_actions_addchdir_np(&actions, "/");
            if (error == 0) error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, arguments, environment);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return error;
    }
    *connection = ends[0];
    return 0;
}

int cprocessguard_set_deadline(int connection, int64_t nanoseconds) {
    while (send(connection, &nanoseconds, sizeof nanoseconds, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

// --- The guard ------------------------------------------------------------------------------------------------------

/// Reads a file of /proc; at most `limit` bytes.
static ssize_t read_file(const char *path, char *bytes, size_t limit) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    size_t filled = 0;
    while (filled < limit) {
        ssize_t count = read(file, bytes + filled, limit - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        filled += (size_t)count;
    }
    close(file);
    return (ssize_t)filled;
}

static char environment_bytes[4 << 20];

/// Whether a process was started with the marker in its environment.
static int is_marked(pid_t pid, const char *marker) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    ssize_t size = read_file(path, environment_bytes, sizeof environment_bytes - 1);
    if (size <= 0) return 0;
    environment_bytes[size] = 0;
    for (const char *entry = environment_bytes; entry < environment_bytes + size; entry += strlen(entry) + 1) {
        if (strcmp(entry, marker) == 0) return 1;
    }
    return 0;
}

static pid_t session_of(pid_t pid) {
    pid_t session = getsid(pid);
    return session < 0 ? 0 : session;
}

enum { most_sessions = 4096 };
static pid_t sessions[most_sessions];

/// Kills exactly this process, if it still is what it was found to be.
static void kill_process(pid_t pid, pid_t session, const char *marker) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0) return;
    if (session ? session_of(pid) == session : is_marked(pid, marker)) {
        syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, NULL, 0);
    }
    close(descriptor);
}

/// Kills what is marked and what shares a session with it. Returns how many were found.
static int kill_all(const char *marker) {
    int found = 0, count = 0;
    pid_t own = getpid();
    for (int pass = 0; pass < 2; pass++) {
        DIR *table = opendir("/proc");
        if (!table) return found;
        struct dirent *item;
        while ((item = readdir(table))) {
            pid_t pid = (pid_t)atoi(item->d_name);
            if (pid <= 1 || pid == own) continue;
            if (pass == 0) {
                if (!is_marked(pid, marker)) continue;
                pid_t session = session_of(pid);
                if (session == own) continue;
                // Only a session that a marked process leads is wholly its own.
                if (session == pid && count < most_sessions) sessions[count++] = session;
                found++;
                kill_process(pid, 0, marker);
            } else {
                pid_t session = session_of(pid);
                for (int i = 0; i < count; i++) {
                    if (session == sessions[i] && pid != session) {
                        kill_process(pid, session, marker);
                        break;
                    }
                }
            }
        }
        closedir(table);
    }
    return found;
}

static void guard(const char *marker) {
    prctl(PR_SET_NAME, "process-guard");
    for (int number = 1; number < 32; number++) {
        if (number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT) signal(number, SIG_IGN);
    }
    int64_t deadline = INT64_MAX;
    for (;;) {
        int64_t left = deadline - cprocessguard_now();
        // At least once a minute: poll does not count the time that a machine sleeps.
        int wait = left > 60000000000 ? 60000 : left <= 0 ? 200 : (int)(left / 1000000) + 1;
        struct pollfd item = {.fd = 0, .events = POLLIN};
        int ready = poll(&item, 1, wait);
        if (ready > 0) {
            int64_t next;
            ssize_t count = read(0, &next, sizeof next);
            if (count == sizeof next) {
                deadline = next;
            } else if (count == 0 || (count < 0 && errno != EINTR)) {
                // Whoever we guard is gone: nothing of it may outlive it, children being started just now included.
                for (int quiet = 0, i = 0; quiet < 2 && i < 300; i++) {
                    quiet = kill_all(marker) == 0 ? quiet + 1 : 0;
                    poll(NULL, 0, quiet ? 50 : 20);
                }
                _exit(0);
            }
        }
        if (cprocessguard_now() >= deadline) kill_all(marker);
    }
}

__attribute__((constructor)) static void become_guard(void) {
    const char *marker = getenv(variable);
    if (marker) guard(marker);
}
