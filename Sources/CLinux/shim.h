// What Swift cannot call by itself: variadic functions, system calls without a wrapper in older C libraries, and the
// macros that reach into siginfo_t's union.
#ifndef CRYPTOFLOW_CLINUX_SHIM_H
#define CRYPTOFLOW_CLINUX_SHIM_H

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/// A descriptor for the process, readable once it has ended; -1 with errno.
static inline int cryptoflow_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Signals the process behind the descriptor, never another one that got its number; -1 with errno.
static inline int cryptoflow_pidfd_kill(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/// Orphaned descendants become children of this process instead of init's.
static inline int cryptoflow_become_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/// Names the calling thread for whoever looks at this process: at most 15 bytes.
static inline void cryptoflow_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// Waits for one child. Returns its number, 0 for none under WNOHANG, -1 with errno.
/// `code` is CLD_EXITED, CLD_KILLED …; `status` the exit status or the signal.
static inline pid_t cryptoflow_wait(pid_t pid, int options, int *code, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result;
    do {
        result = waitid(pid > 0 ? P_PID : P_ALL, (id_t)(pid > 0 ? pid : 0), &info, options);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return -1;
    *code = info.si_code;
    *status = info.si_status;
    return info.si_pid;
}

/// An epoll descriptor that our children do not inherit; -1 with errno.
static inline int cryptoflow_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

static inline int cryptoflow_epoll_add_events(int epoll, int fd, uint64_t key, uint32_t events) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.u64 = key;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// Reports `key` once when the descriptor becomes readable; -1 with errno.
static inline int cryptoflow_epoll_add(int epoll, int fd, uint64_t key) {
    return cryptoflow_epoll_add_events(epoll, fd, key, EPOLLIN | EPOLLONESHOT);
}

/// A counter that `cryptoflow_ring` raises; our children do not inherit it. -1 with errno.
static inline int cryptoflow_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/// Reports `key` each time the counter is raised, though nobody reads it; -1 with errno.
static inline int cryptoflow_epoll_add_bell(int epoll, int bell, uint64_t key) {
    return cryptoflow_epoll_add_events(epoll, bell, key, EPOLLIN | EPOLLET);
}

/// Raises the counter. It could be rung for centuries before it is full.
static inline void cryptoflow_ring(int bell) {
    eventfd_write(bell, 1);
}

static inline int cryptoflow_epoll_remove(int epoll, int fd) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

/// Waits for at most 64 keys; returns how many, 0 after the time, -1 with errno.
static inline int cryptoflow_epoll_wait(int epoll, uint64_t keys[64], int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, milliseconds);
    for (int i = 0; i < count; i++) keys[i] = events[i].data.u64;
    return count;
}

// GNU extensions of posix_spawn, which the C library's module map hides from Swift.
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

static inline int cryptoflow_spawn_in_directory(posix_spawn_file_actions_t *actions, const char *directory) {
    return posix_spawn_file_actions_addchdir_np(actions, directory);
}

static inline int cryptoflow_spawn_closing_from(posix_spawn_file_actions_t *actions, int fd) {
    return posix_spawn_file_actions_addclosefrom_np(actions, fd);
}

/// Gives the blocks of a part of a file back to the file system; its length stays. -1 with errno.
static inline int cryptoflow_punch_hole(int fd, int64_t offset, int64_t length) {
    return (int)syscall(SYS_fallocate, fd, 0x01 | 0x02 /* KEEP_SIZE | PUNCH_HOLE */, offset, length);
}

/// The start of the next data (`SEEK_DATA`) at or after `offset`; -1 with errno (ENXIO: none).
static inline int64_t cryptoflow_seek_data(int fd, int64_t offset) {
    return (int64_t)lseek(fd, (off_t)offset, 3);
}

/// The start of the next hole (`SEEK_HOLE`) at or after `offset`, the end of the file counting as one; -1 with errno.
static inline int64_t cryptoflow_seek_hole(int fd, int64_t offset) {
    return (int64_t)lseek(fd, (off_t)offset, 4);
}

/// Gives free memory of the heap back to the system; what a large load needed would else stay with the process.
static inline void cryptoflow_trim_heap(void) {
    malloc_trim(0);
}

/// Has all threads share as many heaps as there are processors, instead of eight times as many; call it before there are
/// threads. What a burst of work leaves free in one heap is lost to the threads of all others.
static inline void cryptoflow_share_heaps(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    mallopt(M_ARENA_MAX, processors < 2 ? 2 : (int)processors);
}

#endif
