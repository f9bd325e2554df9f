package import DAGModel

/// A DAG's tasks by number, with the edges and priorities that a run needs: made once per version, shared by its runs.
package final class DAGGraph: Sendable {
    package let dag: DAG
    package let version: DAGVersionID
    /// The position of each task in `dag.tasks`.
    let index: [TaskID: Int]
    let upstream: [[Int]]
    let downstream: [[Int]]
    /// Effective priority: own weight, and by the weight rule those of all descendants or ancestors.
    let priority: [Int]
    /// Whether a task waits for the run before.
    let asksForPast: Bool
    /// Tasks whose outputs another task is mapped over.
    let isMappedOver: [Bool]
    /// Whether a task limits how many of its own instances run at once.
    let hasTaskLimits: [Bool]
    /// Which tasks need which setups; nil without any setup or teardown.
    let scopes: SetupScopes?
    /// Whether what becomes of a task calls notifiers.
    let hasCallbacks: [Bool]

    /// `dag` is validated: every upstream name exists and there is no cycle.
    package init(_ dag: DAG, version: DAGVersionID) {
        self.dag = dag
        self.version = version
        var index: [TaskID: Int] = [:]
        for (number, task) in dag.tasks.enumerated() { index[task.id] = number }
        var downstream = [[Int]](repeating: [], count: dag.tasks.count)
        var upstream: [[Int]] = []
        for (number, task) in dag.tasks.enumerated() {
            let parents = task.upstream.compactMap { index[$0] }
            for parent in parents { downstream[parent].append(number) }
            upstream.append(parents)
        }
        self.index = index
        self.upstream = upstream
        self.downstream = downstream
        scopes = SetupScopes(dag, upstream: upstream, downstream: downstream)
        asksForPast = dag.tasks.contains { $0.dependsOnPast || $0.waitForDownstream }
        hasCallbacks = dag.tasks.map { $0.callbacks?.isEmpty == false }
        hasTaskLimits = dag.tasks.map { $0.maxActivePerDAG != nil || $0.maxActivePerRun != nil }
        var isMappedOver = [Bool](repeating: false, count: dag.tasks.count)
        for argument in dag.tasks.lazy.flatMap(\.expand.values) {
            if case .output(let task, _) = argument, let number = index[task] { isMappedOver[number] = true }
        }
        self.isMappedOver = isMappedOver
        priority = dag.tasks.indices.map { number in
            let task = dag.tasks[number]
            let others =
                switch task.weightRule {
                case .absolute: 0
                case .downstream: Self.weight(reachableFrom: number, along: downstream, in: dag)
                case .upstream: Self.weight(reachableFrom: number, along: upstream, in: dag)
                }
            return task.priorityWeight + others
        }
    }

    /// The task of that name; nil when this version has none.
    package func task(_ id: TaskID) -> TaskSpec? { index[id].map { dag.tasks[$0] } }

    private static func weight(reachableFrom start: Int, along edges: [[Int]], in dag: DAG) -> Int {
        if edges[start].isEmpty { return 0 }
        return reachable(from: [start], along: edges).reduce(0) { $0 + dag.tasks[$1].priorityWeight }
    }

    /// Every task that can be reached over one edge or more, without the starts themselves.
    static func reachable(from starts: [Int], along edges: [[Int]]) -> [Int] {
        var seen = [Bool](repeating: false, count: edges.count)
        for start in starts { seen[start] = true }
        var pending = starts
        var found: [Int] = []
        while let next = pending.popLast() {
            for neighbour in edges[next] where !seen[neighbour] {
                seen[neighbour] = true
                found.append(neighbour)
                pending.append(neighbour)
            }
        }
        return found
    }
}
