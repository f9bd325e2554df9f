import DAGModel
import SeededRandom

/// Setups and teardowns in the simulation, with an independent reading of their rules.
enum SetupRules {
    /// Makes a setup and a teardown of two tasks that are connected, in some of the DAGs.
    static func add(to dag: inout DAG, using generator: inout SeededGenerator) {
        guard generator.chance(30), dag.tasks.count > 2 else { return }
        let setup = Int.random(in: 0..<dag.tasks.count - 1, using: &generator)
        let teardown = Int.random(in: setup + 1..<dag.tasks.count, using: &generator)
        dag.tasks[setup].role = .setup
        dag.tasks[teardown].role = .teardown
        dag.tasks[teardown].triggerRule = .allDoneSetupSuccess
        if generator.chance(30) { dag.tasks[teardown].failsRun = true }
        if !dag.tasks[teardown].upstream.contains(dag.tasks[setup].id) {
            dag.tasks[teardown].upstream.append(dag.tasks[setup].id)
        }
        // Tasks that would run after a failed setup but for their scope: below something between, with a rule that lets
        // failures pass.
        for number in dag.tasks.indices where number > setup && number < teardown && generator.chance(50) {
            let earlier = dag.tasks[setup + 1..<number].map(\.id)
            guard let between = earlier.randomElement(using: &generator) else { continue }
            if !dag.tasks[number].upstream.contains(between) { dag.tasks[number].upstream.append(between) }
            dag.tasks[number].triggerRule = .allDone
            if !dag.tasks[teardown].upstream.contains(dag.tasks[number].id) {
                dag.tasks[teardown].upstream.append(dag.tasks[number].id)
            }
        }
        // As documents demand.
        for number in dag.tasks.indices where dag.tasks[number].upstream.contains(dag.tasks[setup].id) {
            if !dag.tasks[number].isTeardown { dag.tasks[number].triggerRule = .allSuccess }
        }
    }

    /// The setups that a task needs without naming them: those above it whose teardowns, if any, lie below it too.
    static func indirectSetups(of task: TaskSpec, in dag: DAG) -> [TaskID] {
        let above = closure(task.upstream) { id in dag.tasks.first { $0.id == id }?.upstream ?? [] }
        let below = closure([task.id]) { id in dag.tasks.filter { $0.upstream.contains(id) }.map(\.id) }
        return dag.tasks.filter { setup in
            guard setup.isSetup, above.contains(setup.id), !task.upstream.contains(setup.id), !task.isTeardown else {
                return false
            }
            let teardowns = dag.tasks.filter { $0.isTeardown && $0.upstream.contains(setup.id) }.map(\.id)
            return teardowns.isEmpty || teardowns.contains { $0 != task.id && below.contains($0) }
        }.map(\.id)
    }

    private static func closure(_ start: [TaskID], _ next: (TaskID) -> [TaskID]) -> Set<TaskID> {
        var found = Set(start)
        var pending = start
        while let id = pending.popLast() {
            for other in next(id) where found.insert(other).inserted { pending.append(other) }
        }
        return found
    }

    /// Whether a task may start, as far as setups are concerned.
    static func mayStart(_ task: TaskSpec, in dag: DAG, states: (TaskID) -> [TaskState]) -> Bool {
        guard indirectSetups(of: task, in: dag).allSatisfy({ states($0).allSatisfy { $0 == .success } }) else {
            return false
        }
        guard task.triggerRule == .allDoneSetupSuccess else { return true }
        let setups = task.upstream.filter { id in dag.tasks.contains { $0.id == id && $0.isSetup } }
        return setups.isEmpty || setups.contains { states($0).contains(.success) }
    }

    /// What a task may end as that its setups keep from running.
    static func finalStates(_ task: TaskSpec, in dag: DAG, states: (TaskID) -> [TaskState]) -> Set<TaskState>? {
        guard !mayStart(task, in: dag, states: states) else { return nil }
        return [.skipped, .upstreamFailed]
    }

    /// The tasks whose failure fails a run.
    static func deciding(_ dag: DAG) -> [TaskID] {
        let leaves = dag.tasks.filter { task in !dag.tasks.contains { $0.upstream.contains(task.id) } }
        let counted = dag.tasks.filter { task in
            !task.isIgnoredByRun && !dag.tasks.contains { $0.upstream.contains(task.id) && !$0.isIgnoredByRun }
        }
        return (counted.isEmpty ? leaves : counted).map(\.id)
    }
}
