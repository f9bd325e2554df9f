/// How a process ended.
package enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    /// It returned this code.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)
    /// It is gone, but somebody else collected its status.
    case unknown

    /// Decodes what waitpid(2) reports; the C macros for it are not visible in Swift.
    package init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(signal)
    }

    /// For sentences: "exit code 1", "signal 9".
    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .unknown: "an unknown status"
        }
    }
}
