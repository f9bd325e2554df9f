import CivilTime
import DAGModel
import Execution
import SchedulerCore
import Timetables

/// The shape of a load of no-op tasks.
struct Workload: Sendable {
    let name: String
    let runs: Int
    let tasksPerRun: Int
    /// Whether the tasks of a run follow one another; otherwise all are independent.
    let isChain: Bool

    var tasks: Int { runs * tasksPerRun }

    static let all = [
        Workload(name: "200 runs x 50 in a chain", runs: 200, tasksPerRun: 50, isChain: true),
        Workload(name: "10 runs x 1,000 wide", runs: 10, tasksPerRun: 1_000, isChain: false),
        Workload(name: "2,000 runs x 5 in a chain", runs: 2_000, tasksPerRun: 5, isChain: true),
    ]

    /// A paused DAG whose schedule owes exactly these runs: unpaused, it makes them all at once.
    func dag(_ id: String, operatorName: String = NoOperation.signature.name, arguments: [String: Argument] = [:])
        throws -> DAGRecord
    {
        let start = Timestamp(seconds: 1_735_689_600)
        var dag = DAG(
            id: DAGID(id), place: Self.place(id),
            timetable: .deltaTrigger(try DeltaSchedule(delta: .seconds(60))),
            bounds: ScheduleBounds(start: start, end: start + .seconds(60 * (runs - 1))),
            tasks: tasks(id, operatorName, arguments))
        dag.catchup = true
        dag.isPausedUponCreation = true
        dag.maxActiveRuns = runs
        dag.maxActiveTasks = max(tasksPerRun, 16)
        return Self.record(dag)
    }

    private func tasks(_ id: String, _ operatorName: String, _ arguments: [String: Argument]) -> [TaskSpec] {
        (0..<tasksPerRun).map { number in
            var task = TaskSpec(id: Self.task(number), place: Self.place(id), body: .uses(operatorName))
            task.arguments = arguments
            if isChain && number > 0 { task.upstream = [Self.task(number - 1)] }
            return task
        }
    }

    /// A DAG of one no-op task that is not paused.
    static func single(_ id: String, _ timetable: Timetable, _ bounds: ScheduleBounds = .none, tasks: Int = 1)
        -> DAGRecord
    {
        let shape = Workload(name: "", runs: 1, tasksPerRun: tasks, isChain: true)
        var dag = DAG(
            id: DAGID(id), place: place(id), timetable: timetable, bounds: bounds,
            tasks: shape.tasks(id, NoOperation.signature.name, [:]))
        dag.isPausedUponCreation = false
        return record(dag)
    }

    static func task(_ number: Int) -> TaskID { TaskID("t\(number)") }

    private static func place(_ id: String) -> SourcePlace { SourcePlace(file: "\(id).yaml", line: 1, column: 1) }

    static func record(_ dag: DAG) -> DAGRecord {
        DAGRecord(dag: dag, version: DAGVersionID(rawValue: "\(dag.id)-1"), sourceText: "")
    }
}
