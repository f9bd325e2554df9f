/// Tells why PostgreSQL or initdb failed, from what it wrote.
enum StartFailure {
    private struct Cause {
        let marker: String
        let code: PrivateClusterError.Code
        let message: String
        let advice: String?
    }

    /// In the order in which they are tried: the first marker found names the cause.
    private static let causes = [
        Cause(
            marker: "No space left on device", code: .diskFull, message: "the disk is full",
            advice: "Free some space and start again."),
        Cause(
            marker: "Disk quota exceeded", code: .diskFull, message: "the disk quota is used up",
            advice: "Free some space and start again."),
        Cause(
            marker: "is not compatible with this version", code: .otherMajorVersion,
            message: "the data were made by another major version of PostgreSQL",
            advice: "Install that version, or dump the data with it and restore them here."),
        Cause(
            marker: "database files are incompatible with server", code: .otherMajorVersion,
            message: "the data were made by another version of PostgreSQL",
            advice: "Install that version, or dump the data with it and restore them here."),
        Cause(
            marker: "pre-existing shared memory block", code: .startFailed,
            message: "processes of an earlier PostgreSQL still use these data",
            advice: "End the processes named postgres that work in this folder."),
        Cause(
            marker: "is another postmaster", code: .startFailed,
            message: "another PostgreSQL uses these data or this socket",
            advice: "Stop it, or choose another --home."),
        Cause(
            marker: "lock file \"postmaster.pid\" already exists", code: .startFailed,
            message: "another PostgreSQL uses these data", advice: "Stop it, or choose another --home."),
        Cause(
            marker: "could not map anonymous shared memory", code: .startFailed, message: "there is not enough memory",
            advice: "Free memory, or lower shared_buffers in postgresql.local.conf in the data folder."),
        Cause(
            marker: "could not create shared memory segment", code: .startFailed,
            message: "the system grants no shared memory", advice: "Look at kernel.shmmax and kernel.shmall (sysctl)."),
        Cause(
            marker: "could not create semaphores", code: .startFailed, message: "the system grants no more semaphores",
            advice: "Look at kernel.sem (sysctl)."),
        Cause(
            marker: "has invalid permissions", code: .unusableHome, message: "the data folder's mode is wrong",
            advice: "It must be 0700: chmod 0700 on the folder named below."),
        Cause(
            marker: "has wrong ownership", code: .unusableHome, message: "the data folder belongs to another user",
            advice: "Run as the user who made it, or change its owner."),
        Cause(
            marker: "Permission denied", code: .unusableHome, message: "a file may not be read or written",
            advice: "Look at owner and mode of the file named below."),
        Cause(
            marker: "Read-only file system", code: .unusableHome, message: "the file system is read-only",
            advice: "Choose another --home."),
        Cause(
            marker: "unrecognized configuration parameter", code: .startFailed, message: "a setting is unknown",
            advice: "Correct postgresql.local.conf in the data folder."),
        Cause(
            marker: "contains errors", code: .startFailed, message: "its configuration has errors",
            advice: "Correct postgresql.local.conf in the data folder."),
        Cause(
            marker: "could not locate a valid checkpoint record", code: .startFailed,
            message: "the write-ahead log is damaged", advice: "Restore a backup."),
    ]

    /// The error for a failed start.
    ///
    /// `output` is what was written since the start; its last lines become the details.
    static func explain(
        _ what: String, status: ExitStatus?, output: String, otherwise: PrivateClusterError.Code
    ) -> PrivateClusterError {
        let lines = output.split(separator: "\n").suffix(8).joined(separator: "\n")
        if let cause = causes.first(where: { output.contains($0.marker) }) {
            return PrivateClusterError(cause.code, "\(what): \(cause.message).", advice: cause.advice, details: lines)
        }
        let end = status.map { " (\($0))" } ?? ""
        return PrivateClusterError(otherwise, "\(what)\(end).", details: lines)
    }
}
