import Glibc

/// The few calls to the file system that loading needs.
enum FileSystem {
    struct ReadFailure: Error {
        /// Continues a sentence that names the file: "is larger than …", "cannot be read: …".
        let reason: String
    }

    /// The path without links and dots; nil when there is no such file.
    static func realPath(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// The bytes of a regular file.
    ///
    /// Folders, devices and pipes are refused, so that nothing blocks.
    static func read(_ path: String, maximumSize: Int) -> Result<[UInt8], ReadFailure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return .failure(ReadFailure(reason: "cannot be read: \(String(cString: strerror(errno)))"))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            return .failure(ReadFailure(reason: "cannot be read: \(String(cString: strerror(errno)))"))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return .failure(ReadFailure(reason: "is not a regular file")) }
        guard status.st_size <= maximumSize else {
            return .failure(ReadFailure(reason: "is larger than \(maximumSize) bytes"))
        }
        var failure: ReadFailure?
        // One byte more than expected shows whether the file grew meanwhile.
        let bytes = [UInt8](unsafeUninitializedCapacity: min(Int(status.st_size), maximumSize) + 1) { buffer, count in
            while count < buffer.count {
                let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else {
                    failure = ReadFailure(reason: "cannot be read: \(String(cString: strerror(errno)))")
                    return
                }
                if got == 0 { return }
                count += got
            }
        }
        if let failure { return .failure(failure) }
        guard bytes.count <= Int(status.st_size) else {
            return .failure(ReadFailure(reason: "changed while it was read"))
        }
        return .success(bytes)
    }

    /// The names in a folder, without `.` and `..`, unsorted; none when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var result: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { result.append(name) }
        }
        return result
    }
}
