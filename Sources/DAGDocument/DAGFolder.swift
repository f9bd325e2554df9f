import Glibc

/// What tells that a file is still the one that was read.
package struct FileStamp: Hashable, Sendable {
    /// Nanoseconds since the Unix epoch of the last change of the content.
    package let modified: Int64
    /// Of the last change of the content or of the file's attributes; catches a rewrite that restores the first.
    package let changed: Int64
    package let size: Int64
    package let inode: UInt64
    package let device: UInt64

    /// Nil when there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
        size = Int64(status.st_size)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
    }

    /// A `timespec` is two long integers.
    ///
    /// Its members are not named here: which module they belong to depends on what else is imported.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        let (seconds, nanoseconds) = unsafeBitCast(time, to: (Int, Int).self)
        return Int64(seconds) * 1_000_000_000 + Int64(nanoseconds)
    }
}

/// The document files below a folder.
package struct DAGFolder: Sendable {
    /// The folder's path.
    package let root: String

    package init(root: String) { self.root = root }

    /// Folders that hold no documents.
    private static let skipped: Set<String> = ["sql", "__pycache__"]

    /// Deeper folders are not searched: a guard against links in circles.
    private static let maximumDepth = 32

    /// Every `.yaml` and `.yml` file with its stamp, by path relative to the folder, in order.
    ///
    /// Hidden files and folders, and folders named `sql`, are left out. A folder that cannot be read has no files.
    package func scan() -> [(file: String, stamp: FileStamp)] {
        var result: [(file: String, stamp: FileStamp)] = []
        var visited: Set<[UInt64]> = []
        walk("", depth: 0, &visited, &result)
        result.sort { $0.file < $1.file }
        return result
    }

    private func walk(
        _ relative: String, depth: Int, _ visited: inout Set<[UInt64]>,
        _ result: inout [(file: String, stamp: FileStamp)]
    ) {
        guard depth <= Self.maximumDepth, let directory = opendir(relative.isEmpty ? root : root + "/" + relative)
        else {
            return
        }
        defer { closedir(directory) }
        var own = stat()
        let descriptor = dirfd(directory)
        guard fstat(descriptor, &own) == 0, visited.insert([UInt64(own.st_dev), UInt64(own.st_ino)]).inserted else {
            return
        }
        let prefix = relative.isEmpty ? "" : relative + "/"
        while let entry = readdir(directory) {
            withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard name[0] != CChar(bitPattern: UInt8(ascii: ".")) else { return }
                    let length = strlen(name)
                    let isDocument = Self.hasSuffix(name, length, ".yaml") || Self.hasSuffix(name, length, ".yml")
                    let type = Int32(entry.pointee.d_type)
                    let mayBeFolder = type == Int32(DT_DIR) || type == Int32(DT_LNK) || type == Int32(DT_UNKNOWN)
                    guard isDocument || mayBeFolder else { return }
                    var status = stat()
                    guard fstatat(descriptor, name, &status, 0) == 0 else { return }
                    if status.st_mode & S_IFMT == S_IFDIR {
                        let text = String(cString: name)
                        if !Self.skipped.contains(text) { walk(prefix + text, depth: depth + 1, &visited, &result) }
                    } else if isDocument, status.st_mode & S_IFMT == S_IFREG {
                        result.append((prefix + String(cString: name), FileStamp(status)))
                    }
                }
            }
        }
    }

    private static func hasSuffix(_ name: UnsafePointer<CChar>, _ length: Int, _ suffix: StaticString) -> Bool {
        let count = suffix.utf8CodeUnitCount
        return length > count && memcmp(name + (length - count), suffix.utf8Start, count) == 0
    }
}
