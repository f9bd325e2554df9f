import DAGModel

/// How tasks end in an ideal history: an independent reading of the trigger rules, on final states, and outcomes that are
/// fixed by what a try is about.
enum IdealOutcome {
    static func state(dag: String, run: String, task: String, realTry: Int) -> AttemptState {
        var hash: UInt64 = 1_469_598_103_934_665_603
        for byte in "\(dag)/\(run)/\(task)/\(realTry)".utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        hash ^= hash >> 29
        return switch hash % 100 {
        case 0..<65: .success
        case 65..<75: .skipped
        default: .failed
        }
    }

    /// The states a task may end in, given how its upstream tasks ended.
    static func finalStates(
        _ task: TaskSpec, dag: String, run: String, upstream: [TaskState], countsTries: Bool
    ) -> Set<TaskState> {
        var states: Set<TaskState> = []
        if mayStart(task.triggerRule, upstream) {
            if !countsTries {
                states = [.success, .failed, .skipped]
            } else {
                states.insert(played(task, dag: dag, run: run))
            }
        }
        states.formUnion(withoutStart(task.triggerRule, upstream))
        return states
    }

    private static func played(_ task: TaskSpec, dag: String, run: String) -> TaskState {
        for number in 1...(task.retries + 1) {
            switch state(dag: dag, run: run, task: task.id.rawValue, realTry: number) {
            case .success: return .success
            case .skipped: return .skipped
            default: continue
            }
        }
        return .failed
    }

    /// Whether the rule may be fulfilled by these states, some of them still open.
    static func mayStart(_ rule: TriggerRule, _ states: [TaskState]) -> Bool {
        let isFailed = { (state: TaskState) in state == .failed || state == .upstreamFailed }
        let allDone = states.allSatisfy(\.isFinished)
        return switch rule {
        case .allSuccess: states.allSatisfy { $0 == .success }
        case .allFailed: states.allSatisfy(isFailed)
        case .allDone, .allDoneSetupSuccess: allDone
        case .allDoneMinOneSuccess: allDone && (states.isEmpty || states.contains(.success))
        case .allSkipped: states.allSatisfy { $0 == .skipped }
        case .oneFailed: states.isEmpty || states.contains(where: isFailed)
        case .oneSuccess: states.isEmpty || states.contains(.success)
        case .oneDone: states.isEmpty || states.contains { $0 == .success || $0 == .failed }
        case .noneFailed: allDone && !states.contains(where: isFailed)
        case .noneFailedMinOneSuccess:
            allDone && !states.contains(where: isFailed) && (states.isEmpty || states.contains(.success))
        case .noneSkipped: allDone && !states.contains(.skipped)
        case .always: true
        }
    }

    /// What a task that never starts may end as; two where it depends on which upstream ended first.
    private static func withoutStart(_ rule: TriggerRule, _ states: [TaskState]) -> Set<TaskState> {
        if mayStart(rule, states) { return [] }
        let failed = states.contains { $0 == .failed || $0 == .upstreamFailed }
        let skipped = states.contains(.skipped)
        return switch rule {
        case .allSuccess: failed && skipped ? [.upstreamFailed, .skipped] : failed ? [.upstreamFailed] : [.skipped]
        case .allFailed, .allSkipped, .oneFailed, .oneDone, .noneSkipped: [.skipped]
        case .oneSuccess, .allDoneMinOneSuccess: failed ? [.upstreamFailed] : [.skipped]
        case .noneFailed: [.upstreamFailed]
        case .noneFailedMinOneSuccess: failed ? [.upstreamFailed] : [.skipped]
        case .allDone, .allDoneSetupSuccess, .always: []
        }
    }
}
