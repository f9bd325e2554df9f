import Glibc
package import Logging
import Synchronization

/// The terminal that a program was started in: one line an event, colour only where there is a terminal.
package final class Terminal: Sendable {
    /// What a line tells, for its colour and mark.
    package enum Tone: Sendable { case plain, good, bad, warning, quiet }

    private let isTerminal: Bool
    private let lock = Mutex(())
    /// Gets every event too; nil for none.
    private let log: Logger?

    package init(log: Logger? = nil) {
        self.log = log
        isTerminal = isatty(1) == 1 && getenv("NO_COLOR") == nil
    }

    /// Writes a line with the local clock's UTC time before it.
    package func event(_ text: String, tone: Tone = .plain) {
        log?.log(level: Self.level(tone), "\(text)")
        line("\(Self.clock())  \(text)", tone: tone)
    }

    package func line(_ text: String, tone: Tone = .plain) {
        let colour =
            switch tone {
            case .plain: ""
            case .good: "\u{1B}[32m"
            case .bad: "\u{1B}[31m"
            case .warning: "\u{1B}[33m"
            case .quiet: "\u{1B}[2m"
            }
        let bytes = Array((isTerminal && !colour.isEmpty ? colour + text + "\u{1B}[0m\n" : text + "\n").utf8)
        lock.withLock { _ in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
                // A closed terminal must not stop the work.
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    private static func level(_ tone: Tone) -> Logger.Level {
        switch tone {
        case .plain, .good: .info
        case .quiet: .debug
        case .warning: .warning
        case .bad: .error
        }
    }

    private static func clock() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let two = { (number: Int32) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}
