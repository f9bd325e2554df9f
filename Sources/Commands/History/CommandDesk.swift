import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// Hands commands to the leading scheduler, and says when there is none.
struct CommandDesk {
    let opened: OpenedHistory
    private let environment = CommandEnvironment.current

    init(_ opened: OpenedHistory) { self.opened = opened }

    /// How long a command that does not wait for its result looks for an answer.
    private static let answerTime = Duration.seconds(5)
    /// How long one that waits, without a limit of its own, looks for a scheduler.
    static let patience = Duration.seconds(60)

    /// Hands a command in.
    ///
    /// Nil: it is in the queue, no scheduler has taken it yet, and standard error says so.
    ///
    /// - Parameter limit: how long to wait for the scheduler's answer; nil for the time it usually takes.
    func submit(_ command: Command, limit: Duration? = nil) async throws -> (number: Int64, outcome: CommandOutcome?) {
        // A key of its own: the store may repeat the insert when the connection breaks between sending and answer.
        let key = "cli-" + (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
        let number = try await opened.commands.submit(command, actor: environment.actor, idempotencyKey: key)
        if let outcome = try await opened.commands.outcome(of: number) { return (number, try accepted(outcome)) }
        let leads = try await opened.history.schedulerHealth().isAlive
        if !leads { try environment.console.error(Self.noLeader(number)) }
        let time = limit ?? (leads ? Self.answerTime : .zero)
        guard time > .zero else { return (number, nil) }
        guard let outcome = try await opened.commands.waitForOutcome(of: number, timeout: time) else {
            if leads, limit == nil {
                try environment.console.error(
                    "note: the scheduler has not taken command \(number) yet; it stays in the queue")
            }
            return (number, nil)
        }
        return (number, try accepted(outcome))
    }

    /// What a command that waited in vain ends with.
    func notTaken(_ number: Int64, after time: Duration) -> CommandFailure {
        CommandFailure(
            "no scheduler took command \(number) within \(time.humanText())",
            nextStep: "It stays in the queue until one leads: start `cryptoflow standalone` or cryptoflow-scheduler.",
            exitCode: ExitStatus.notTaken)
    }

    private func accepted(_ outcome: CommandOutcome) throws -> CommandOutcome {
        if case .refused(let reason) = outcome { throw CommandFailure(reason) }
        return outcome
    }

    private static func noLeader(_ number: Int64) -> String {
        "note: no scheduler is running: command \(number) waits in the queue until one leads"
            + " (start `cryptoflow standalone` or cryptoflow-scheduler)"
    }
}
