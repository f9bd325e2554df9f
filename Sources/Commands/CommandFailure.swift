/// Why a command did not succeed, for the person who typed it.
struct CommandFailure: Error, Hashable, CustomStringConvertible {
    /// One sentence: what, and why.
    let message: String
    /// What to do about it; nil when the message says it all.
    let nextStep: String?
    let exitCode: Int32

    init(_ message: String, nextStep: String? = nil, exitCode: Int32 = ExitStatus.failed) {
        self.message = message
        self.nextStep = nextStep
        self.exitCode = exitCode
    }

    var description: String { message }

    /// As standard error shows it.
    var text: String { "error: \(message)" + (nextStep.map { "\n       \($0)" } ?? "") }
}
