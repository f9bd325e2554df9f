import Glibc

/// The exclusive right to use a home, held by an open file: it ends with the process, however that ends.
final class HomeLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// Throws `PrivateClusterError`: `homeInUse` when another process has it, naming its pid.
    init(path: String) throws(PrivateClusterError) {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard opened >= 0 else {
            throw FileSystem.failure(action: "open the lock", path: path, code: errno)
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(opened)
            guard code == EWOULDBLOCK else {
                throw FileSystem.failure(action: "lock", path: path, code: code)
            }
            let owner = (FileSystem.read(path) ?? "").prefix { $0.isNumber }
            throw PrivateClusterError(
                .homeInUse,
                "Another cryptoflow\(owner.isEmpty ? "" : " (pid \(owner))") uses this home: \(FileSystem.parent(of: path)).",
                advice: "Stop it first, or choose another folder with --home DIR.")
        }
        let text = Array("\(getpid())\n".utf8)
        // Only for the message above: a full disk must not keep us from starting far enough to say that it is full.
        ftruncate(opened, 0)
        _ = pwrite(opened, text, text.count, 0)
        descriptor = opened
    }

    deinit {
        // A child that was just forked shares the open file until it execs, so closing alone could release late.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
