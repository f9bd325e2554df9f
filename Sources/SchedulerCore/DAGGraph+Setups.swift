package import DAGModel

/// Which tasks need which setups: a setup's scope is what lies between it and its teardowns, or all below it if it has none.
///
/// Source: Airflow 3, `AbstractOperator.get_upstreams_only_setups_and_teardowns`.
struct SetupScopes: Sendable {
    /// By task: setups above it that it needs, without those it names itself.
    var indirectSetups: [[Int]]
    /// By task: the setups it needs and their teardowns; of a setup its teardowns.
    var companions: [Set<Int>]
    /// By setup: tasks that need it without naming it.
    var needers: [[Int]]

    /// Nil when no task is a setup or a teardown, which is the usual case.
    init?(_ dag: DAG, upstream: [[Int]], downstream: [[Int]]) {
        guard dag.tasks.contains(where: { $0.role != nil }) else { return nil }
        let tasks = dag.tasks
        indirectSetups = [[Int]](repeating: [], count: tasks.count)
        companions = [Set<Int>](repeating: [], count: tasks.count)
        needers = [[Int]](repeating: [], count: tasks.count)
        let teardowns = tasks.indices.map { number in downstream[number].filter { tasks[$0].isTeardown } }
        for number in tasks.indices {
            switch tasks[number].role {
            case .setup?: companions[number] = Set(teardowns[number])
            case .teardown?: continue
            case nil: break
            }
            let below = Set(DAGGraph.reachable(from: [number], along: downstream))
            for setup in DAGGraph.reachable(from: [number], along: upstream).sorted() where tasks[setup].isSetup {
                guard teardowns[setup].isEmpty || teardowns[setup].contains(where: below.contains) else { continue }
                if tasks[number].role == nil {
                    companions[number].insert(setup)
                    companions[number].formUnion(teardowns[setup])
                }
                if !upstream[number].contains(setup) {
                    indirectSetups[number].append(setup)
                    needers[setup].append(number)
                }
            }
        }
    }
}

extension DAGGraph {
    func isTeardown(_ spec: Int) -> Bool { scopes != nil && dag.tasks[spec].isTeardown }

    /// The setups that a task waits for without naming them.
    package func indirectSetups(of task: TaskID) -> [TaskID] {
        guard let scopes, let number = index[task] else { return [] }
        return scopes.indirectSetups[number].map { dag.tasks[$0].id }
    }

    func isSetup(_ spec: Int) -> Bool { scopes != nil && dag.tasks[spec].isSetup }

    /// The tasks whose failure fails a run: those that nothing but ignored teardowns depends on, without such teardowns
    /// themselves.
    ///
    /// Source: Airflow 3, `DagRun._tis_for_dagrun_state`.
    var decidingTasks: [Int] {
        let leaves = downstream.indices.filter { downstream[$0].isEmpty }
        guard scopes != nil else { return leaves }
        let deciding = downstream.indices.filter { number in
            !dag.tasks[number].isIgnoredByRun && downstream[number].allSatisfy { dag.tasks[$0].isIgnoredByRun }
        }
        return deciding.isEmpty ? leaves : deciding
    }
}
