import DAGModel
import SchedulerCore

/// What a piece of text says about its subject, shown as a colour.
enum Tone: Hashable {
    case plain, good, bad, warning, active, quiet

    /// The text in this tone's colour; as it is where there is no colour.
    func paint(_ text: String, _ isColourful: Bool) -> String {
        guard isColourful, !text.isEmpty, let code else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    private var code: String? {
        switch self {
        case .plain: nil
        case .good: "32"
        case .bad: "31"
        case .warning: "33"
        case .active: "36"
        case .quiet: "2"
        }
    }
}

extension RunState {
    var tone: Tone {
        switch self {
        case .queued: .quiet
        case .running: .active
        case .success: .good
        case .failed: .bad
        }
    }
}

extension TaskState {
    var tone: Tone {
        switch self {
        case .success: .good
        case .failed, .upstreamFailed: .bad
        case .upForRetry, .upForReschedule, .restarting: .warning
        case .running, .deferred: .active
        case .none, .queued, .scheduled, .skipped, .removed: .quiet
        }
    }
}

extension AttemptState {
    var tone: Tone {
        switch self {
        case .running: .active
        case .success: .good
        case .failed: .bad
        case .skipped: .quiet
        case .lost: .warning
        }
    }
}

extension BackfillState {
    var tone: Tone {
        switch self {
        case .running: .active
        case .paused: .warning
        case .completed: .good
        case .cancelled: .bad
        }
    }
}
