import Glibc

/// Lines on standard output, written at once: whoever reads the task's log sees each step as it happens.
enum StandardOutput {
    static func line(_ text: String) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            // A reader that is gone must not stop the work.
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}
