import CivilTime
import DAGModel
import Execution

/// What every sensor can be told: how often it looks, for how long, and what then.
struct Sensing: Sendable {
    let interval: Duration
    let timeout: Duration
    let isSoft: Bool
    /// Airflow's `exponential_backoff`: the pause doubles with the time already waited, up to `maximumInterval`.
    let backsOff: Bool
    let maximumInterval: Duration?

    static let parameters: [OperatorSignature.Parameter] = [
        .init("poke_interval", .duration, "the pause between two looks; 60s by default"),
        .init("timeout", .duration, "how long it waits from the try's beginning; 7 days by default"),
        .init("soft_fail", .boolean, "whether the task is skipped when the timeout passes, instead of failed"),
        .init(
            "mode", .string, choices: ["poke", "reschedule"],
            "accepted for Airflow's sake: a waiting sensor never holds a slot"),
        .init("exponential_backoff", .boolean, "whether the pauses grow"),
        .init("max_wait", .duration, "the longest pause with exponential_backoff"),
        .init("deferrable", .boolean, "accepted for Airflow's sake"),
        .pushesOutput,
    ]

    init(_ arguments: Arguments) throws {
        interval = try arguments.duration("poke_interval") ?? .seconds(60)
        timeout = try arguments.duration("timeout") ?? .seconds(7 * 86_400)
        isSoft = try arguments.bool("soft_fail", default: false)
        backsOff = try arguments.bool("exponential_backoff", default: false)
        maximumInterval = try arguments.duration("max_wait")
    }

    /// What a look that found nothing ends with: a wait, or the sensor's timeout.
    ///
    /// Airflow never retries a sensor that timed out.
    func notYet(_ what: String, _ context: TaskContext) -> any Error {
        let now = Timestamp.now()
        let since = context.launch.startedAt ?? now
        let waited = now - since
        guard waited < timeout else {
            let text = "\(what), for \(timeout.humanText())"
            return isSoft ? TaskSkip(text) : TaskFailure(text, isRetryable: false, kind: .timeout)
        }
        var pause = backsOff ? max(interval, min(waited, maximumInterval ?? .seconds(3_600))) : interval
        pause = min(pause, timeout - waited)
        return TaskDefer(after: pause, now: now, what)
    }
}
