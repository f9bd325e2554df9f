import Glibc

/// What a measurement or trial says while it goes on.
package enum LabProgress {
    /// Writes a line to the standard error: the standard output has the report alone.
    @Sendable package static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
