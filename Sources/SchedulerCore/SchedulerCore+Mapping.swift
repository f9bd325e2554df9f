import CivilTime
import DAGModel

// Dynamic mapping: a task that runs once for each element of a list.

extension SchedulerCore {
    private enum Length {
        case known(Int)
        /// There is nothing to map over: the mapped task ends like this.
        case missing(TaskState, reason: String)
    }

    /// Makes the instances of a mapped task: one for each combination of its lists' elements.
    ///
    /// True when there are none and the task is settled instead. Each instance gets a row at once, so that a new leader
    /// knows how many there are.
    mutating func map(_ head: Int, in run: inout RunEntry) -> Bool {
        let spec = run.spec(head)
        var total = 1
        for name in spec.expandedNames {
            guard let argument = spec.expand[name] else { continue }
            switch length(of: argument, named: name, in: run) {
            case .known(let length):
                let (product, overflows) = total.multipliedReportingOverflow(by: length)
                total = overflows ? .max : product
            case .missing(let state, let reason):
                settle(head, in: &run, as: state, reason: reason)
                return true
            }
        }
        guard total <= configuration.maximumMapLength else {
            settle(
                head, in: &run, as: .failed,
                reason: "the task would be mapped to \(total) instances; max_map_length allows "
                    + "\(configuration.maximumMapLength)")
            return true
        }
        guard total > 0 else {
            settle(head, in: &run, as: .skipped, reason: "there is nothing to map over: a list is empty")
            return true
        }
        makeInstances(total, of: head, in: &run)
        return false
    }

    private mutating func makeInstances(_ total: Int, of head: Int, in run: inout RunEntry) {
        let retries = run.spec(head).retries
        // A task that was cleared has instances already: their tries count on.
        var instances = run.tasks[head].instances ?? []
        for index in 0..<max(total, instances.count) {
            if index == instances.count {
                instances.append(run.tasks.count)
                run.tasks.append(TaskEntry(spec: head, mapIndex: index, maxTries: retries))
            }
            let number = instances[index]
            run.tasks[number].state = index < total ? .none : .removed
            run.tasks[number].maxTries = run.tasks[number].tryNumber + retries
            decision.changes.append(run.row(number, endDate: nil, reason: nil))
        }
        run.tasks[head].instances = instances
        run.tasks[head].openInstances = total
        run.tasks[head].state = .running
        run.unfinished += total
        // Trigger rules count each instance.
        for child in run.graph.downstream[head] {
            run.tasks[child].upstream.total += total - 1
            if run.graph.isSetup(head) { run.tasks[child].upstream.setups += total - 1 }
        }
        for number in instances.prefix(total) { makeReady(number, in: &run) }
    }

    private func length(of argument: Argument, named name: String, in run: RunEntry) -> Length {
        switch argument {
        case .value(.array(let elements)): return .known(elements.count)
        case .value(.object(let members)): return .known(members.count)
        case .list(let elements): return .known(elements.count)
        case .map(let members): return .known(members.count)
        case .value, .template:
            return .missing(.failed, reason: "\"\(name)\" is neither a list nor a mapping: it cannot be mapped over")
        case .output(let task, let key):
            guard key == nil || key == "return_value" else {
                return .missing(.failed, reason: "only return_value of task \"\(task)\" can be mapped over")
            }
            guard let parent = run.graph.index[task] else {
                return .missing(.failed, reason: "there is no task \"\(task)\"")
            }
            if let instances = run.tasks[parent].instances {
                return .known(instances.count { run.tasks[$0].state == .success && run.tasks[$0].listLength != nil })
            }
            let state = run.tasks[parent].state
            guard state == .success else {
                return .missing(
                    state == .skipped ? .skipped : .upstreamFailed,
                    reason: "task \"\(task)\" ended \(state.rawValue) and left nothing to map over")
            }
            guard let length = run.tasks[parent].listLength else {
                return .missing(
                    .failed,
                    reason: "the output of task \"\(task)\" is no list and no mapping: it cannot be mapped over")
            }
            return .known(length)
        }
    }

    /// Remembers how long an output is that another task is mapped over: an instance of a mapped task counts as one.
    mutating func noteLength(of output: JSONValue, _ number: Int, in run: inout RunEntry) {
        guard run.graph.isMappedOver[run.tasks[number].spec] else { return }
        let length: Int?
        if run.tasks[number].mapIndex >= 0 {
            length = 1
        } else {
            length = output.arrayValue?.count ?? output.objectValue?.count
        }
        run.tasks[number].listLength = length
        if let length { decision.changes.append(.setMapLength(run.instance(number), length)) }
    }

    /// An instance has finished; the mapped task has when all have.
    mutating func instanceFinished(_ head: Int, in run: inout RunEntry) {
        run.tasks[head].openInstances -= 1
        guard run.tasks[head].openInstances == 0, let instances = run.tasks[head].instances else { return }
        run.tasks[head].state = RunEntry.summary(instances.map { run.tasks[$0].state }.filter { $0 != .removed })
        run.unfinished -= 1
    }
}
