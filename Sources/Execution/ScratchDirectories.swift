import CLinux
import FoundationEssentials
import Glibc
import Synchronization

/// Working directories for tasks that name none: each task has one to itself, empty.
///
/// One that a task has not touched is given to another later, for to make and to remove a directory may cost as much as
/// to start a program. Whatever a task has put there is removed with the directory.
package final class ScratchDirectories: Sendable {
    /// Those in /tmp.
    package static let shared: ScratchDirectories = {
        atexit { ScratchDirectories.shared.removeKept() }
        return ScratchDirectories(in: "/tmp")
    }()

    /// A directory for one task.
    package struct Directory: Sendable {
        package let path: String
        fileprivate let facts: Facts
    }

    /// What changes as soon as anything in a directory or about it does.
    ///
    /// New and removed entries set the time of modification, which no clock sets to what it has from us; mode, owner and
    /// attributes set that of the last change.
    fileprivate struct Facts: Equatable, Sendable {
        let device: UInt
        let inode: UInt
        let mode: UInt32
        let owner: UInt32
        let modified: Int
        let changed: Int
        let changedNanoseconds: Int

        /// Nil when there is no such directory.
        init?(_ path: String) {
            var found = stat()
            guard lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFDIR else { return nil }
            device = UInt(found.st_dev)
            inode = UInt(found.st_ino)
            mode = found.st_mode
            owner = found.st_uid
            modified = found.st_mtim.tv_sec
            changed = found.st_ctim.tv_sec
            changedNanoseconds = found.st_ctim.tv_nsec
        }
    }

    private let parent: String
    private let kept = Mutex<[Directory]>([])
    /// More than these are not kept.
    private static let limit = 32

    init(in parent: String) { self.parent = parent }

    /// An empty directory that is the caller's until it is given back.
    ///
    /// Throws ``TaskFailure`` when none can be made.
    package func take() throws -> Directory {
        while let known = kept.withLock({ $0.popLast() }) {
            // Others may clean up in the parent.
            if Facts(known.path) == known.facts { return known }
            Self.remove(known.path)
        }
        return try make()
    }

    /// Takes a directory back when all that a task has started has ended.
    package func giveBack(_ directory: Directory) {
        let isKept =
            Facts(directory.path) == directory.facts
            && kept.withLock { kept in
                guard kept.count < Self.limit else { return false }
                kept.append(directory)
                return true
            }
        if !isKept { Self.remove(directory.path) }
    }

    func removeKept() {
        for directory in kept.withLock({ kept in
            defer { kept = [] }
            return kept
        }) { rmdir(directory.path) }
    }

    private func make() throws -> Directory {
        var template = Array("\(parent)/cryptoflow-task-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TaskFailure("cannot make a working directory in \(parent): \(String(cString: strerror(errno)))")
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A time that any change replaces, however soon it follows.
        var times = [timespec(), timespec()]
        utimensat(AT_FDCWD, path, &times, 0)
        guard let facts = Facts(path) else {
            throw TaskFailure("the working directory \(path) was removed by somebody else")
        }
        return Directory(path: path, facts: facts)
    }

    private static func remove(_ path: String) {
        if rmdir(path) != 0, errno != ENOENT { try? FileManager.default.removeItem(atPath: path) }
    }
}
