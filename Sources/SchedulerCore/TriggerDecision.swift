import DAGModel

/// How many upstream tasks of a task stand in which state.
struct UpstreamCounts: Hashable, Sendable {
    var total = 0
    var success = 0
    var failed = 0
    var upstreamFailed = 0
    var skipped = 0
    /// Those that are setups, and how they ended.
    var setups = 0
    var setupSuccess = 0
    var setupSkipped = 0

    var done: Int { success + failed + upstreamFailed + skipped }
    var isDone: Bool { done == total }

    mutating func count(_ state: TaskState, isSetup: Bool = false) {
        if isSetup, state == .success { setupSuccess += 1 }
        if isSetup, state == .skipped || state == .removed { setupSkipped += 1 }
        switch state {
        case .success: success += 1
        case .failed: failed += 1
        case .upstreamFailed: upstreamFailed += 1
        case .skipped, .removed: skipped += 1
        default: break
        }
    }
}

/// What a trigger rule says of a task that has not started.
enum TriggerDecision: Hashable, Sendable {
    case wait, ready, skip, upstreamFailed

    /// Airflow's rules, decided as early as they are there: a failed upstream fails an `all_success` task at once,
    /// without waiting for the other upstream tasks.
    ///
    /// Source: Airflow 3, `TriggerRuleDep`.
    init(_ rule: TriggerRule, _ upstream: UpstreamCounts) {
        let anyFailed = upstream.failed + upstream.upstreamFailed > 0
        self =
            switch rule {
            case .always:
                .ready
            case .allSuccess where upstream.success == upstream.total:
                .ready
            case .allSuccess:
                anyFailed ? .upstreamFailed : upstream.skipped > 0 ? .skip : .wait
            case .allFailed where upstream.failed + upstream.upstreamFailed == upstream.total:
                .ready
            case .allFailed:
                upstream.success + upstream.skipped > 0 ? .skip : .wait
            case .allDone:
                upstream.isDone ? .ready : .wait
            case .allDoneSetupSuccess where !upstream.isDone:
                .wait
            case .allDoneSetupSuccess:
                upstream.setups == 0 || upstream.setupSuccess > 0
                    ? .ready : upstream.setupSkipped >= upstream.setups ? .skip : .upstreamFailed
            case .allDoneMinOneSuccess where !upstream.isDone:
                .wait
            case .allDoneMinOneSuccess:
                upstream.success > 0 || upstream.total == 0 ? .ready : anyFailed ? .upstreamFailed : .skip
            case .allSkipped where upstream.skipped == upstream.total:
                .ready
            case .allSkipped:
                upstream.success > 0 || anyFailed ? .skip : .wait
            case .oneFailed:
                anyFailed || upstream.total == 0 ? .ready : upstream.isDone ? .skip : .wait
            case .oneSuccess where upstream.success > 0 || upstream.total == 0:
                .ready
            case .oneSuccess where !upstream.isDone:
                .wait
            case .oneSuccess:
                anyFailed ? .upstreamFailed : .skip
            case .oneDone:
                upstream.success + upstream.failed > 0 || upstream.total == 0 ? .ready : upstream.isDone ? .skip : .wait
            case .noneFailed where anyFailed:
                .upstreamFailed
            case .noneFailed:
                upstream.isDone ? .ready : .wait
            case .noneFailedMinOneSuccess where anyFailed:
                .upstreamFailed
            case .noneFailedMinOneSuccess where !upstream.isDone:
                .wait
            case .noneFailedMinOneSuccess:
                upstream.success > 0 || upstream.total == 0 ? .ready : .skip
            case .noneSkipped where upstream.skipped > 0:
                .skip
            case .noneSkipped:
                upstream.isDone ? .ready : .wait
            }
    }
}
