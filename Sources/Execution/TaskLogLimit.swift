import CLinux
import Glibc

/// Bounds what a chatty child's log takes on disk.
///
/// The child writes the file itself and must not be stopped for talking (RLIMIT_FSIZE would kill it), so the middle of the
/// file is given back to the file system: its beginning and its end stay, its length and the reader's offsets too. It is
/// looked at once a second, so a fast writer can pass the limit by what it writes in that time.
package enum TaskLogLimit {
    /// What a task's log may take: 50 MB.
    package static let defaultBytes: Int64 = 50_000_000
    /// What is kept of the beginning: a tenth of the limit; of the end: half of it.
    private static let block: Int64 = 4096

    static func enforce(on child: ChildProcess) {
        guard let limit = child.outputLimit else { return }
        enforce(path: child.outputPath, limit: limit)
    }

    static func enforce(path: String, limit: Int64) {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_size > limit, Int64(facts.st_blocks) * 512 > limit else { return }
        let size = Int64(facts.st_size)
        let start = limit / 10 / block * block
        let end = (size - limit / 2) / block * block
        guard end > start else { return }
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if cryptoflow_punch_hole(descriptor, start, end - start) != 0, errno == EOPNOTSUPP {
            // A file system without holes: the end is what is lost then.
            ftruncate(descriptor, off_t(limit / 2))
        }
    }
}
