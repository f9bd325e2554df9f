import Glibc

/// PostgreSQL's log file: rotated by size at a start, read again to explain a failure.
enum PostgresLog {
    /// Size in bytes from which a start begins a new file.
    static let rotationBytes: off_t = 10 << 20
    /// How many old files are kept, as `.1` (newest), `.2`, ….
    static let kept = 3

    /// Opens the log for appending; returns the descriptor and where new text begins.
    static func open(_ path: String, rotationBytes: off_t = rotationBytes) throws(PrivateClusterError) -> (
        descriptor: Int32, offset: Int
    ) {
        if let size = FileSystem.information(path, followingLinks: false)?.st_size, size >= rotationBytes {
            for number in stride(from: kept - 1, through: 1, by: -1) {
                rename("\(path).\(number)", "\(path).\(number + 1)")
            }
            rename(path, path + ".1")
        }
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw FileSystem.failure(action: "write the log", path: path, code: errno)
        }
        return (descriptor, Int(lseek(descriptor, 0, SEEK_END)))
    }
}
