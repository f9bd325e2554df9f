import Glibc

/// The program that this process runs.
package enum OwnProgram {
    /// Its path, symbolic links resolved; nil where /proc is not mounted.
    package static let path: String? = {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }()
}
