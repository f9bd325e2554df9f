package import CivilTime
package import DAGModel
package import Timetables

/// What a backfill does with a logical date.
package enum BackfillFate: Hashable, Sendable {
    /// There is no run yet: one is made.
    case create
    /// The run that exists runs again.
    case rerun
    /// The run that exists is left alone, for a reason.
    case leave(String)

    /// - Parameter state: of the run at the date; nil where there is none.
    package init(state: RunState?, reprocess: ReprocessBehavior) {
        guard let state else {
            self = .create
            return
        }
        guard state.isFinished else {
            self = .leave("its run is \(state.rawValue)")
            return
        }
        switch reprocess {
        case .completed: self = .rerun
        case .failed where state == .failed: self = .rerun
        case .failed: self = .leave("its run is \(state.rawValue), and --reprocess failed is asked for")
        case .none: self = .leave("it has a run already (\(state.rawValue))")
        }
    }

    package var isLeft: Bool {
        if case .leave = self { return true }
        return false
    }
}

/// What keeps a backfill from being made.
package enum BackfillCheck {
    /// The most runs one backfill may ask for.
    package static let maximumRuns = 1_000_000

    /// The logical dates of a backfill, in the order in which they are decided, or why there can be none.
    ///
    /// - Parameters:
    ///   - backwards: whether the newest date comes first.
    ///   - now: dates whose run may start only later are left to the schedule: their data is not there.
    package static func dates(
        of dag: DAG, from: Timestamp, to: Timestamp, conf: JSONValue, backwards: Bool = false, now: Timestamp
    ) -> Result<BackfillDates, BackfillRefusal> {
        let id = dag.id
        func refused(_ text: String) -> Result<BackfillDates, BackfillRefusal> { .failure(BackfillRefusal(text)) }
        guard dag.timetable.isTimeBased else {
            return refused(
                "DAG \"\(id)\" has no schedule by time, so there are no logical dates to backfill; "
                    + "backfill the DAGs whose assets start it")
        }
        if let allowed = dag.allowedRunTypes, !allowed.contains(.backfill) {
            let types = allowed.map(\.rawValue).joined(separator: ", ")
            return refused("DAG \"\(id)\" cannot be backfilled: its allowed_run_types are \(types)")
        }
        guard from <= to else {
            return refused("the backfill ends (\(to.iso8601)) before it begins (\(from.iso8601))")
        }
        if let problem = DeclaredParameter.problem(of: conf, for: dag) { return refused(problem) }
        if backwards, let task = dag.tasks.first(where: { $0.dependsOnPast || $0.waitForDownstream }) {
            return refused(
                "DAG \"\(id)\" cannot be backfilled backwards: task \"\(task.id)\" has "
                    + "\(task.waitForDownstream ? "wait_for_downstream" : "depends_on_past"), so each run waits for the one "
                    + "before it")
        }
        var dates: [Timestamp] = []
        var upcoming: DueInstant?
        for instant in dag.timetable.instants(from: from, through: to, bounds: dag.bounds) {
            guard instant.due <= now else {
                upcoming = instant
                break
            }
            dates.append(instant.logicalDate)
            if dates.count > maximumRuns {
                return refused("that range has more than \(maximumRuns) logical dates: narrow it")
            }
        }
        if dates.isEmpty, let upcoming {
            return refused(
                "nothing in \(from.iso8601) … \(to.iso8601) is due yet: the run of its first logical date, "
                    + "\(upcoming.logicalDate.iso8601), may start at \(upcoming.due.iso8601), and the schedule makes it then"
            )
        }
        guard !dates.isEmpty else {
            return refused(
                "the schedule of DAG \"\(id)\" has no logical date in \(from.iso8601) … \(to.iso8601)"
                    + (dag.bounds.start.map { "; its start_date is \($0.iso8601)" } ?? ""))
        }
        return .success(BackfillDates(dates: backwards ? dates.reversed() : dates, upcoming: upcoming))
    }
}

/// What a backfill goes through.
package struct BackfillDates: Hashable, Sendable {
    /// Logical dates in the order in which they are decided.
    package let dates: [Timestamp]
    /// The first instant of the range that is not due yet, left to the schedule with all after it; nil when all are due.
    package let upcoming: DueInstant?
}

/// Why a backfill cannot be made, for people.
package struct BackfillRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension DeclaredParameter {
    /// What is wrong with a run's conf by the schemas of the DAG's `params`, as a sentence; nil when nothing is.
    static func problem(of conf: JSONValue, for dag: DAG) -> String? {
        guard let given = conf.objectValue else { return "the conf must be a mapping, found \(conf.kindDescription)" }
        let problems = problems(of: dag.params, given: given)
        guard !problems.isEmpty else { return nil }
        return "DAG \"\(dag.id)\" does not take this conf: \(problems.prefix(10).joined(separator: "; "))"
    }
}
