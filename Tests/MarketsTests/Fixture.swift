import Glibc

/// The recorded replies beside the tests.
enum Fixture {
    struct Missing: Error {
        let path: String
    }

    /// The bytes of a file in `Fixtures`.
    static func bytes(_ name: String, file: String = #filePath) throws -> [UInt8] {
        let folder = file[..<(file.lastIndex(of: "/") ?? file.startIndex)]
        let path = "\(folder)/Fixtures/\(name)"
        guard let handle = fopen(path, "rb") else { throw Missing(path: path) }
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while case let count = fread(&chunk, 1, chunk.count, handle), count > 0 { bytes += chunk[..<count] }
        return bytes
    }
}
