import DAGModel

/// How a state looks: its token as text, a class for its colour and a sign, so that colour is never alone.
struct StateLook {
    let token: String
    let sign: String

    var cssClass: String { "s-\(token)" }
    /// The token as words: `up for retry`.
    var words: String { token == "none" ? "not reached" : token.replacing("_", with: " ") }

    var view: [String: Any] { ["class": cssClass, "words": words, "sign": sign, "token": token] }

    init(_ state: RunState) {
        token = state.rawValue
        sign =
            switch state {
            case .queued: "…"
            case .running: "▶"
            case .success: "✓"
            case .failed: "✕"
            }
    }

    init(_ state: TaskState) {
        token = state.rawValue
        sign =
            switch state {
            case .none: ""
            case .queued, .scheduled: "…"
            case .running, .restarting: "▶"
            case .success: "✓"
            case .failed: "✕"
            case .skipped: "»"
            case .upForRetry: "↻"
            case .upstreamFailed: "↑"
            case .upForReschedule, .deferred: "◷"
            case .removed: "–"
            }
    }

    init(_ state: AttemptState) {
        token = state.rawValue
        sign =
            switch state {
            case .running: "▶"
            case .success: "✓"
            case .failed: "✕"
            case .skipped: "»"
            case .lost: "?"
            }
    }
}
