package import DAGModel

/// How tasks end in an ideal history: an independent reading of the trigger rules, on final states, and outcomes that are
/// fixed by what a try is about.
package enum IdealOutcome {
    static func state(dag: String, run: String, task: String, realTry: Int) -> AttemptState {
        switch hash("\(dag)/\(run)/\(task)/\(realTry)") % 100 {
        case 0..<65: .success
        case 65..<75: .skipped
        default: .failed
        }
    }

    /// A task, or an instance of a mapped one, by name.
    package static func name(_ instance: TaskInstanceKey) -> String {
        instance.mapIndex < 0 ? instance.task.rawValue : "\(instance.task)[\(instance.mapIndex)]"
    }

    private static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 1_469_598_103_934_665_603
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return hash ^ (hash >> 29)
    }

    /// Whether the failures of a task end with an exit status that some tasks do not retry.
    static func isFatal(dag: String, run: String, task: String) -> Bool { hash("fatal \(dag)/\(run)/\(task)") % 3 == 0 }

    static func output(dag: String, run: String, task: String) -> JSONValue {
        .array((0..<hash("output \(dag)/\(run)/\(task)") % 4).map { .int(Int64($0)) })
    }

    /// What a branch or a short circuit decides in a run.
    static func skips(of instance: TaskInstanceKey, run: String, in dag: DAG) -> DownstreamSkip? {
        guard let task = dag.tasks.first(where: { $0.id == instance.task }) else { return nil }
        let choice = hash("skips \(dag.id)/\(run)/\(name(instance))")
        switch task.body {
        case .uses("branch"):
            let below = dag.tasks.filter { $0.upstream.contains(task.id) }.map(\.id)
            return .allBut(below.enumerated().filter { (choice >> UInt64($0.offset)) & 1 == 1 }.map(\.element))
        case .uses("short_circuit"): return choice % 3 == 0 ? nil : choice % 3 == 1 ? .everything : .direct
        default: return nil
        }
    }

    /// Whether a branch or a short circuit that succeeded above a task may have skipped it.
    static func skippers(
        of task: TaskSpec, in dag: DAG, run: String, states: (TaskID) -> [TaskState]
    ) -> Bool {
        var above = Set(task.upstream)
        for other in dag.tasks.reversed() where above.contains(other.id) { above.formUnion(other.upstream) }
        return dag.tasks.contains { other in
            above.contains(other.id) && (other.body == .uses("branch") || other.body == .uses("short_circuit"))
                && states(other.id).contains(.success)
        }
    }

    /// The states a task may end in, given how its upstream tasks ended.
    static func finalStates(
        _ task: TaskSpec, named name: String, dag: String, run: String, upstream: [TaskState], countsTries: Bool
    ) -> Set<TaskState> {
        var states: Set<TaskState> = []
        if mayStart(task.triggerRule, upstream) {
            if !countsTries {
                states = [.success, .failed, .skipped]
            } else {
                states.insert(played(task, named: name, dag: dag, run: run))
            }
        }
        states.formUnion(withoutStart(task.triggerRule, upstream))
        return states
    }

    private static func played(_ task: TaskSpec, named name: String, dag: String, run: String) -> TaskState {
        for number in 1...(task.retries + 1) {
            switch state(dag: dag, run: run, task: name, realTry: number) {
            case .success: return .success
            case .skipped: return .skipped
            default:
                if task.retryNotOn != nil, isFatal(dag: dag, run: run, task: name) { return .failed }
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
