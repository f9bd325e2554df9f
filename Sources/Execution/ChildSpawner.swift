import CLinux
import Glibc

/// posix_spawn with everything a task's process needs.
enum ChildSpawner {
    /// POSIX_SPAWN_SETSID, which Glibc's module hides.
    private static let setSession: Int32 = 0x80

    /// Starts the program and returns its process number.
    ///
    /// Blocks until the program has replaced our image.
    static func spawn(_ command: ChildCommand) throws(ChildSpawnError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, command.outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        cryptoflow_spawn_closing_from(&actions, 3)
        if let directory = command.workingDirectory { cryptoflow_spawn_in_directory(&actions, directory) }

        var pid: pid_t = 0
        let code = spawn(
            command.executable, command.arguments, command.environment.map { "\($0.key)=\($0.value)" }, &actions, &pid)
        guard code == 0 else { throw failure(code, command) }
        return pid
    }

    /// Starts a program that answers on its descriptor 3, which becomes `connection`, and has no other input or output.
    ///
    /// Returns nil when that is impossible.
    static func spawn(
        _ executable: String, _ arguments: [String], environment: [String], connection: Int32
    ) -> Int32? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // First, for it may be one of these numbers.
        posix_spawn_file_actions_adddup2(&actions, connection, 3)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        cryptoflow_spawn_closing_from(&actions, 4)
        var pid: pid_t = 0
        return spawn(executable, arguments, environment, &actions, &pid) == 0 ? pid : nil
    }

    /// In a session of its own, with every signal as a program expects it; returns an errno value.
    private static func spawn(
        _ executable: String, _ arguments: [String], _ environment: [String],
        _ actions: inout posix_spawn_file_actions_t, _ pid: inout pid_t
    ) -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Swift's and Dispatch's threads block signals, and a child would inherit that.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = setSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments = CStrings([executable] + arguments)
        defer { arguments.free() }
        var environment = CStrings(environment)
        defer { environment.free() }
        return posix_spawn(&pid, executable, &actions, &attributes, &arguments.pointers, &environment.pointers)
    }

    /// posix_spawn says only a number; this looks for what it meant.
    static func failure(_ code: Int32, _ command: ChildCommand) -> ChildSpawnError {
        if let directory = command.workingDirectory {
            var facts = stat()
            if stat(directory, &facts) != 0 {
                return ChildSpawnError(
                    description: "cannot use the working directory \(directory): \(text(errno))", isRetryable: false)
            }
            if facts.st_mode & S_IFMT != S_IFDIR {
                return ChildSpawnError(
                    description: "the working directory \(directory) is not a directory", isRetryable: false)
            }
            if access(directory, X_OK) != 0 {
                return ChildSpawnError(
                    description: "cannot enter the working directory \(directory): \(text(errno))", isRetryable: false)
            }
        }
        if access(command.executable, F_OK) != 0 {
            return ChildSpawnError(
                description: "there is no program \(command.executable) on this machine", isRetryable: false)
        }
        if access(command.executable, X_OK) != 0 {
            return ChildSpawnError(
                description: "the program \(command.executable) may not be run: \(text(errno))", isRetryable: false)
        }
        if code == E2BIG {
            return ChildSpawnError(
                description: "cannot start \(command.executable): its arguments and environment are too long for the "
                    + "kernel (one of at most 128 KB); put long text into a file", isRetryable: false)
        }
        let log = open(command.outputPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        if log < 0 {
            return ChildSpawnError(
                description: "cannot write the task's log \(command.outputPath): \(text(errno))", isRetryable: true)
        }
        close(log)
        return ChildSpawnError(description: "cannot start \(command.executable): \(text(code))", isRetryable: true)
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// A null-terminated array of C strings.
    private struct CStrings {
        var pointers: [UnsafeMutablePointer<CChar>?]

        init(_ strings: [String]) {
            pointers = strings.map { strdup($0) }
            pointers.append(nil)
        }

        mutating func free() {
            for pointer in pointers { Glibc.free(pointer) }
        }
    }
}
