import CivilTime
import DAGDocument
import DAGModel
import Timetables

/// What is allowed in a document and yet surprises people.
///
/// A lint is a warning with a name. `# cryptoflow: allow NAME` at its line, or at the line above, leaves it out; so does
/// `--allow NAME`.
struct DocumentLint {
    enum Name: String, CaseIterable {
        case futureStart = "future-start-with-catchup"
        case unwrittenOutput = "output-never-written"
        case missingInterval = "cron-without-interval"
        case neverFires = "schedule-never-fires"
        case unservedHandler = "run-in-default-queue"
    }

    struct Finding {
        let name: Name
        let diagnostic: Diagnostic
    }

    let now: Timestamp
    /// Lints left out everywhere.
    let allowed: Set<Name>

    /// The findings of a file's DAGs, those that comments allow left out.
    ///
    /// - Parameter lines: of the whole file.
    func findings(of dags: [LoadedDAG], lines: [Substring]) -> [Finding] {
        dags.flatMap { findings(of: $0.dag) }.filter { finding in
            if allowed.contains(finding.name) { return false }
            let line = finding.diagnostic.place.line
            return ![line - 1, line].contains { number in
                lines.indices.contains(number - 1) && Self.allows(lines[number - 1], finding.name)
            }
        }
    }

    private static func allows(_ line: Substring, _ name: Name) -> Bool {
        guard let mark = line.firstRange(of: "# cryptoflow: allow ") else { return false }
        return line[mark.upperBound...].split { $0 == " " || $0 == "," }.contains { $0 == name.rawValue }
    }

    private func findings(of dag: DAG) -> [Finding] {
        var found: [Finding] = []
        func add(_ name: Name, _ place: SourcePlace, _ path: String, _ message: String, _ hint: String) {
            found.append(
                Finding(
                    name: name,
                    diagnostic: Diagnostic(.warning, at: place, keyPath: path, message, hint: hint)))
        }
        if let start = dag.bounds.start, dag.catchup, start > now {
            add(
                .futureStart, dag.place, "start_date", "start_date lies in the future: catchup has nothing to catch up",
                "choose the first date that is to have a run")
        }
        if dag.timetable.isTimeBased, !dag.timetable.neverFires, Self.isExhausted(dag) {
            add(
                .neverFires, dag.place, "schedule", "no instant of the schedule lies between start_date and end_date",
                "correct schedule, start_date or end_date")
        }
        let byID = Dictionary(dag.tasks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, task) in dag.tasks.enumerated() {
            let path = "tasks[\(index)]"
            for (source, key) in task.outputsRead where !(byID[source]?.writesOutput(key) ?? true) {
                add(
                    .unwrittenOutput, task.place, path,
                    "it reads the output '\(key)' of '\(source)', which never writes one",
                    "let '\(source)' keep its output, or remove the $x")
            }
            if task.body == .run, task.queue == "default" {
                add(
                    .unservedHandler, task.place, path,
                    "its handler is in a program of yours, and the scheduler itself carries out the queue 'default'",
                    "name the queue that the program serves, such as queue: swift")
            }
            if task.body == .uses("market_fetch"), dag.timetable.hasEmptyIntervals, task.arguments["start"] == nil,
                task.arguments["endpoint"] == .value("candles")
            {
                add(
                    .missingInterval, task.place, path,
                    "it fetches the run's data interval, and the schedule (\(dag.timetable)) gives an empty one",
                    "use airflow.timetables.interval.CronDataIntervalTimetable, or give start and end")
            }
        }
        return found
    }

    /// Whether the bounds leave no instant.
    private static func isExhausted(_ dag: DAG) -> Bool {
        guard let start = dag.bounds.start, dag.bounds.end != nil else { return false }
        return dag.timetable.next(after: start - .microseconds(1), bounds: dag.bounds) == nil
    }
}

extension TaskSpec {
    /// Operators that leave nothing behind for others.
    private static let silent: Set<String> = ["empty"]

    /// The outputs its arguments read, each once.
    fileprivate var outputsRead: [(task: TaskID, key: String)] {
        var found: [(task: TaskID, key: String)] = []
        func visit(_ argument: DAGModel.Argument) {
            switch argument {
            case .output(let task, let key):
                let key = key ?? "return_value"
                if !found.contains(where: { $0.task == task && $0.key == key }) { found.append((task, key)) }
            case .list(let elements): elements.forEach(visit)
            case .map(let members): members.values.forEach(visit)
            case .value, .template: break
            }
        }
        arguments.sorted { $0.key < $1.key }.forEach { visit($0.value) }
        return found
    }

    /// Whether a success may leave an output under the key.
    fileprivate func writesOutput(_ key: String) -> Bool {
        guard case .uses(let name) = body else { return true }
        if Self.silent.contains(name) { return false }
        // Where the operator has no such argument, the output is kept whatever it says.
        return arguments["do_xcom_push"] != .value(false)
    }
}

extension Timetable {
    /// Whether its runs own no interval of data.
    fileprivate var hasEmptyIntervals: Bool {
        guard case .cronTrigger = self else { return false }
        return manual(runAfter: Timestamp(microseconds: 1_800_000_000_000_000)).interval.isEmpty
    }
}
