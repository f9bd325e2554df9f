import CLinux
import FoundationEssentials
import Glibc
import Synchronization

/// Working directories for tasks that name none: empty, nobody else's, and not to be found afterwards.
///
/// Most tasks leave theirs as it was. Such a one is handed on under another name, if nothing of its task can still be in it;
/// to make and remove one takes a file system longer than a shell takes to start, and much longer on some.
package final class ScratchDirectories: Sendable {
    package struct Directory: Sendable {
        package let path: String
        let made: Facts
    }

    /// What names a directory for good, and tells whether it was touched.
    struct Facts: Equatable {
        let device: UInt
        let number: UInt
        let owner: UInt32
        let mode: UInt32
        let changedSeconds: Int
        let changedNanoseconds: Int

        /// Nil when there is no directory of that name.
        init?(_ path: String) {
            var facts = stat()
            guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { return nil }
            device = UInt(facts.st_dev)
            number = UInt(facts.st_ino)
            owner = facts.st_uid
            mode = facts.st_mode
            changedSeconds = facts.st_ctim.tv_sec
            changedNanoseconds = facts.st_ctim.tv_nsec
        }
    }

    private let parent: String
    private let spares = Mutex<[Directory]>([])

    /// As many as tasks run at once by default.
    private static let mostSpares = 32

    /// - Parameter environment: names the directory for temporary files with `TMPDIR`, as for any program; /tmp without it, or
    ///   when it cannot be written.
    package init(environment: [String: String]) {
        let named = environment["TMPDIR"].flatMap { $0.hasPrefix("/") && access($0, W_OK | X_OK) == 0 ? $0 : nil }
        parent = named ?? "/tmp"
    }

    deinit {
        for spare in spares.withLock({ $0 }) { rmdir(spare.path) }
    }

    /// Throws ``TaskFailure`` when none can be made.
    package func take() throws(TaskFailure) -> Directory {
        while let spare = spares.withLock({ $0.popLast() }) {
            // What looks after temporary files may have removed it.
            if Facts(spare.path) == spare.made, let renamed = renamed(spare) { return renamed }
            remove(spare)
        }
        var template = Array("\(parent)/cryptoflow-task-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TaskFailure("cannot make a working directory in \(parent): \(String(cString: strerror(errno)))")
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let facts = Facts(path) else {
            throw TaskFailure("the working directory \(path) vanished as soon as it was made")
        }
        return Directory(path: path, made: facts)
    }

    /// - Parameter isLeft: whether no process that had it can live any more; then it may be handed on.
    package func giveBack(_ directory: Directory, isLeft: Bool) {
        if isLeft, Facts(directory.path) == directory.made, Self.isEmpty(directory.path) {
            let isKept = spares.withLock { spares in
                guard spares.count < Self.mostSpares else { return false }
                spares.append(directory)
                return true
            }
            if isKept { return }
        }
        remove(directory)
    }

    /// Under another name, nobody who noted the old one finds it.
    private func renamed(_ directory: Directory) -> Directory? {
        let path = "\(parent)/cryptoflow-task-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        guard rename(directory.path, path) == 0 else { return nil }
        return Facts(path).map { Directory(path: path, made: $0) }
    }

    private func remove(_ directory: Directory) {
        guard rmdir(directory.path) != 0, Facts(directory.path)?.number == directory.made.number else { return }
        try? FileManager.default.removeItem(atPath: directory.path)
    }

    var spareCount: Int { spares.withLock { $0.count } }

    /// The time of the last change says so too, but only to the kernel's tick.
    private static func isEmpty(_ path: String) -> Bool {
        guard let listing = opendir(path) else { return false }
        defer { closedir(listing) }
        for _ in 0..<3 {
            guard let entry = readdir(listing) else { return true }
            let isOwn = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                name[0] == UInt8(ascii: ".") && (name[1] == 0 || (name[1] == UInt8(ascii: ".") && name[2] == 0))
            }
            guard isOwn else { return false }
        }
        return false
    }
}
