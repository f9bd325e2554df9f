import Glibc

/// The files of a folder of logs, as the system has them.
enum LogFolder {
    struct Entry: Hashable {
        let name: String
        let bytes: Int
        let inode: UInt64
    }

    /// The rotated files of a log, oldest first.
    static func rotated(_ file: LogFile, in folder: String) -> [Entry] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var entries: [Entry] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard file.isRotated(name), let facts = facts("\(folder)/\(name)") else { continue }
            entries.append(Entry(name: name, bytes: facts.bytes, inode: facts.inode))
        }
        return entries.sorted { key($0.name) < key($1.name) }
    }

    /// `server-…Z.2.log` comes after `server-…Z.log` and before `server-…Z.10.log`.
    private static func key(_ name: String) -> (Substring, Int) {
        let parts = name.split(separator: ".")
        return (parts.first ?? "", parts.count > 2 ? Int(parts[1]) ?? 0 : 0)
    }

    static func facts(_ path: String) -> (bytes: Int, inode: UInt64)? {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return (Int(facts.st_size), UInt64(facts.st_ino))
    }

    static func facts(of file: Int32) -> (bytes: Int, inode: UInt64)? {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { return nil }
        return (Int(facts.st_size), UInt64(facts.st_ino))
    }
}
