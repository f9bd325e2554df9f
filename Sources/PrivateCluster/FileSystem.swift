import Glibc

/// The few file operations the cluster needs, with the system's reason kept; all paths are absolute.
enum FileSystem {
    /// The error for a failed operation: what was tried, on which path, and errno.
    ///
    /// A full disk keeps its own kind.
    static func failure(action: String, path: String, code: Int32) -> PrivateClusterError {
        switch code {
        case ENOSPC, EDQUOT:
            PrivateClusterError(
                .diskFull, "The disk is full: cannot \(action) \(path).", advice: "Free some space and start again.")
        case ENAMETOOLONG:
            PrivateClusterError(
                .unusableHome, "Cannot \(action) \(path): the path is too long.",
                advice: "Choose a shorter folder with --home DIR.")
        default:
            PrivateClusterError(
                .unusableHome, "Cannot \(action) \(path): \(errorText(code)).",
                advice: "Choose a folder you may write to with --home DIR, or change its owner or mode.")
        }
    }

    enum Kind: Sendable { case missing, directory, regularFile, symbolicLink, other }

    /// What lies at a path, without following a symbolic link in its last component.
    static func kind(_ path: String) -> Kind {
        guard let information = information(path, followingLinks: false) else { return .missing }
        return switch information.st_mode & S_IFMT {
        case S_IFDIR: .directory
        case S_IFREG: .regularFile
        case S_IFLNK: .symbolicLink
        default: .other
        }
    }

    /// The inode's data; nil when there is none or it cannot be reached.
    static func information(_ path: String, followingLinks: Bool) -> stat? {
        var result = stat()
        return (followingLinks ? stat(path, &result) : lstat(path, &result)) == 0 ? result : nil
    }

    /// Makes a directory with exactly this mode (the umask does not count); true when it is new.
    @discardableResult
    static func makeDirectory(_ path: String, mode: mode_t) throws(PrivateClusterError) -> Bool {
        if mkdir(path, mode) == 0 {
            guard chmod(path, mode) == 0 else { throw failure(action: "set the mode of", path: path, code: errno) }
            return true
        }
        let code = errno
        guard code == EEXIST else { throw failure(action: "create the folder", path: path, code: code) }
        guard let found = information(path, followingLinks: true), found.st_mode & S_IFMT == S_IFDIR else {
            throw failure(action: "use as a folder", path: path, code: ENOTDIR)
        }
        return false
    }

    /// Makes a directory and its missing parents.
    static func makeDirectories(_ path: String, mode: mode_t) throws(PrivateClusterError) {
        if let found = information(path, followingLinks: true), found.st_mode & S_IFMT == S_IFDIR { return }
        let parent = parent(of: path)
        if parent != path { try makeDirectories(parent, mode: mode) }
        try makeDirectory(path, mode: mode)
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The names in a directory, sorted; nil when it cannot be read.
    static func list(_ path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file or a whole directory; what is not there is no error, a symbolic link is removed and not followed.
    static func remove(_ path: String) throws(PrivateClusterError) {
        switch kind(path) {
        case .missing: return
        case .directory:
            for name in list(path) ?? [] { try remove(path + "/" + name) }
            guard rmdir(path) == 0 || errno == ENOENT else {
                throw failure(action: "remove the folder", path: path, code: errno)
            }
        default:
            guard unlink(path) == 0 || errno == ENOENT else {
                throw failure(action: "remove", path: path, code: errno)
            }
        }
    }

    /// Reads a small file whole, or from an offset; nil when it cannot be read.
    static func read(_ path: String, from offset: Int = 0, limit: Int = 1 << 20) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if offset > 0 { lseek(descriptor, off_t(offset), SEEK_SET) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces a file: a new one beside it, synced and renamed, so that a crash leaves the old or the new, never half.
    static func replace(
        _ path: String, with text: String, mode: mode_t, owner: (uid_t, gid_t)? = nil
    ) throws(PrivateClusterError) {
        let temporary = "\(path).new-\(getpid())"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure(action: "write", path: path, code: errno) }
        var failure: Int32 = fchmod(descriptor, mode) == 0 ? 0 : errno
        if failure == 0, let owner, fchown(descriptor, owner.0, owner.1) != 0 { failure = errno }
        var rest = Array(text.utf8)[...]
        while failure == 0 && !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { failure = errno }
        }
        if failure == 0 && fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0 && rename(temporary, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw Self.failure(action: "write", path: path, code: failure)
        }
        sync(directory: parent(of: path))
    }

    /// Makes a rename in this directory durable.
    ///
    /// A file system that cannot is not an error.
    static func sync(directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Room for new data on the disk that holds a path, in bytes; nil when the system does not say.
    static func freeBytes(at path: String) -> UInt64? {
        var information = statvfs()
        guard statvfs(path, &information) == 0 else { return nil }
        let (bytes, overflow) = UInt64(information.f_bavail).multipliedReportingOverflow(
            by: UInt64(information.f_frsize))
        return overflow ? .max : bytes
    }

    /// The path without symbolic links; nil when it does not exist or cannot be reached.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Where a symbolic link points, unresolved; nil when it is none or may not be read.
    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}
