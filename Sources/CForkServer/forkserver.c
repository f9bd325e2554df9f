// Makes a shell a fork server.
//
// Preloaded into `sh -c PLACE`, this waits for requests where the shell's own main is about to begin. Each request is answered
// by a fork that goes on as `sh -c SCRIPT`: whatever the loader and the C library do at a program's start is done already.
// Of a shell's time that is more than half, most of it in a virtual machine, where reading the processor's features traps.
//
// A request is one message of texts that each end with a zero byte: the working directory (empty for this one), the file for
// the output, the script, then the environment. The answer is `struct answer`; the first comes unasked, once all is ready.
//
// The fork is a child of our parent (CLONE_PARENT), not of this process, and says itself that it is there, before it goes on.
// So a script that runs was reported, whenever this process is killed. It puts script and environment where those of this
// process lie, so that ps and /proc show its own; both must fit there, which the sender sees to.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

enum {
    connection = 3,
    most_variables = 1000,
    largest_request = 1 << 16,
};

struct answer {
    /// The process that goes on as the shell; 0 when there is none.
    int32_t pid;
    /// An errno value: what kept it from going on.
    int32_t error;
};

static char *variables[most_variables + 1];

static void answer(int error, pid_t pid) {
    struct answer answer = {.pid = pid, .error = error};
    // Whoever asked has given up: then nothing may run.
    if (send(connection, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) _exit(127);
}

static int open_output(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return errno;
    int failed = dup2(file, 1) < 0 || dup2(file, 2) < 0;
    int error = errno;
    close(file);
    return failed ? error : 0;
}

/// The next text of the request, or nil at its end.
static char *next_text(char **position, char *end) {
    if (*position >= end) return NULL;
    char *text = *position;
    *position += strlen(text) + 1;
    return text;
}

/// Turns the fork into the shell that was asked for; returns an errno value.
static int prepare(char *position, char *end, pid_t parent, char **argv, char *place, size_t place_size) {
    char *directory = next_text(&position, end);
    char *output = next_text(&position, end);
    char *script = next_text(&position, end);
    if (!directory || !output || !script) return EPROTO;

    // A kernel that takes the flag and ignores it: our parent could not wait for this process.
    if (getppid() != parent) return ENOSYS;
    setsid();
    int error = open_output(output);
    if (error != 0) return error;
    if (*directory && chdir(directory) != 0) return errno;

    size_t script_size = strlen(argv[2]), length = strlen(script);
    if (length > script_size) return E2BIG;
    memcpy(argv[2], script, length);
    memset(argv[2] + length, 0, script_size - length);

    size_t count = 0, size = (size_t)(end - position);
    if (size > place_size) return E2BIG;
    // The first entries are the same as they were and can be seen all the time.
    memcpy(place, position, size);
    memset(place + size, 0, place_size - size);
    char *variable = place;
    while (variable < place + size) {
        if (count == most_variables) return E2BIG;
        variables[count++] = variable;
        variable += strlen(variable) + 1;
    }
    environ = variables;
    return 0;
}

__attribute__((constructor)) static void serve(int argc, char **argv, char **envp) {
    static const char wanted[] = "CRYPTOFLOW_FORK_SERVER=";
    char *place = envp[0], *place_end = place;
    int is_wanted = 0;
    for (char **entry = envp; *entry; entry++) {
        place_end = *entry + strlen(*entry) + 1;
        // Not getenv: some shells bring their own, which is not ready yet.
        if (strncmp(*entry, wanted, sizeof wanted - 1) == 0) is_wanted = 1;
    }
    // Not what a shell's wrapper starts before it.
    static const char note[] = "# cryptoflow: ";
    if (!is_wanted || argc != 3 || strcmp(argv[1], "-c") != 0 || strncmp(argv[2], note, sizeof note - 1) != 0) return;

    pid_t parent = getppid();
    char request[largest_request];
    answer(0, getpid());
    for (;;) {
        ssize_t size = recv(connection, request, sizeof request, MSG_TRUNC);
        if (size < 0 && errno == EINTR) continue;
        // Our parent has ended.
        if (size <= 0) _exit(0);
        if ((size_t)size > sizeof request || request[size - 1] != 0) {
            answer(E2BIG, 0);
            continue;
        }
        long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0L, 0L, 0L, 0L);
        if (pid < 0) answer(errno, 0);
        if (pid != 0) {
            // Secrets of one task are not in the memory of the next one's shell.
            explicit_bzero(request, (size_t)size);
            continue;
        }
        int error = prepare(request, request + size, parent, argv, place, (size_t)(place_end - place));
        answer(error, getpid());
        if (error != 0) _exit(127);
        explicit_bzero(request, (size_t)size);
        close(connection);
        return;
    }
}
