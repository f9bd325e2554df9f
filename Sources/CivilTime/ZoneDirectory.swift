import Glibc

/// A folder of compiled zone files.
struct ZoneDirectory {
    let path: String

    /// Entries beside the zones: copies with leap seconds, the machine's own setting, tables.
    static let notZones = ["right", "posix", "posixrules", "localtime"]
    /// The largest zone file is about 4 kB; anything near this is something else.
    private static let largestFile = 1 << 20

    /// The whole of a regular file, nil when there is none or it is too large to be a zone.
    static func readFile(_ path: String) -> [UInt8]? {
        // Non-blocking, so that a named pipe put there cannot hang the reader.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= largestFile else {
            return nil
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while bytes.count <= largestFile {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        return nil
    }

    /// The names of all zones in the folder, sorted.
    ///
    /// Files are told from tables by their capital letter and by having no dot, as in every distribution's folder; none
    /// of them is opened.
    func names() -> [String] {
        var names: [String] = []
        collect(prefix: "", depth: 0, into: &names)
        return names.sorted()
    }

    private func collect(prefix: String, depth: Int, into names: inout [String]) {
        guard depth < 3, let stream = opendir(prefix.isEmpty ? path : path + "/" + prefix) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let first = name.utf8.first, first >= UInt8(ascii: "A"), first <= UInt8(ascii: "Z"),
                !name.contains(".")
            else { continue }
            let full = prefix.isEmpty ? name : prefix + "/" + name
            var status = stat()
            guard stat(path + "/" + full, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                collect(prefix: full, depth: depth + 1, into: &names)
            } else if status.st_mode & S_IFMT == S_IFREG {
                names.append(full)
            }
        }
    }
}
