import DAGModel
import RunStore
import SchedulerCore

/// Finds what a command line names, and says what there is when there is no such thing.
struct HistoryLookup {
    let history: any RunHistory

    init(_ opened: OpenedHistory) { history = opened.history }

    /// How many names a message lists.
    private static let listed = 10

    func dag(_ id: String) async throws -> DAGDetail {
        guard let dag = try await history.dag(DAGID(id)) else { throw await unknownDAG(id) }
        let own = try await history.importErrors().first { $0.file == dag.summary.file }
        if let problem = own?.firstError(of: dag.summary.id) {
            try CommandEnvironment.current.console.error(
                "\(problem)\nnote: the document of DAG \"\(id)\" does not load: its last good version goes on")
        }
        return dag
    }

    func unknownDAG(_ id: String) async -> CommandFailure {
        let known = (try? await history.dags(lastRuns: 1).map(\.id.rawValue)) ?? []
        let broken = (try? await history.importErrors()) ?? []
        let wanted = DAGID(id)
        let own = broken.lazy.flatMap(\.diagnostics).first { $0.severity == .error && $0.dag == wanted }
        // A document that cannot be read does not say what its DAG is called: most are in a file of that name.
        if let problem = own ?? broken.first(where: { $0.stem == id })?.firstError(of: wanted) {
            return CommandFailure(
                "DAG \"\(id)\" is not loaded, because its document has an error\n\(problem)",
                nextStep: "Correct it; `cryptoflow dag validate` checks a file.")
        }
        return Self.unknown(
            "there is no DAG \"\(id)\"", id, known, list: "cryptoflow dag list", empty: "no DAG is loaded yet")
    }

    /// The newest runs are looked through for a name like the one asked for.
    func run(_ dag: String, _ runID: String) async throws -> RunDetail {
        if let run = try await history.run(dag: DAGID(dag), runID: runID) { return run }
        guard try await history.dag(DAGID(dag)) != nil else { throw await unknownDAG(dag) }
        let runs = try await history.runs(RunQuery(dag: DAGID(dag), limit: 200)).runs
        throw Self.unknown(
            "DAG \"\(dag)\" has no run \"\(runID)\"", runID, runs.map(\.runID), list: "cryptoflow run list \(dag)",
            empty: "it has no runs yet")
    }

    /// The status of a task in a run.
    ///
    /// - Parameters:
    ///   - name: the task's id, or `id[index]`.
    ///   - mapIndex: nil for that of the name, or the only one there is.
    func task(_ name: String, mapIndex: Int?, in run: RunDetail) throws -> TaskStatus {
        let (id, mapIndex) = { ($0.id, $0.mapIndex) }(TaskName(name, mapIndex: mapIndex))
        let found = run.tasks.filter { $0.instance.task.rawValue == id }
        let name = "run \"\(run.run.runID)\" of DAG \"\(run.run.dag)\""
        guard !found.isEmpty else {
            let known = run.tasks.map(\.instance.task.rawValue)
            throw Self.unknown(
                "\(name) has no task \"\(id)\"", id, known,
                list: "cryptoflow run show \(run.run.dag) '\(run.run.runID)'",
                empty: "it has no tasks")
        }
        if let mapIndex {
            if let match = found.first(where: { $0.instance.mapIndex == mapIndex }) { return match }
            throw CommandFailure(
                "task \"\(id)\" of \(name) has no map index \(mapIndex)",
                nextStep: found[0].instance.mapIndex < 0
                    ? "It is not mapped: leave --map-index away."
                    : "There are: \(found.map { String($0.instance.mapIndex) }.joined(separator: ", ")).")
        }
        guard found.count == 1 else {
            throw CommandFailure(
                "task \"\(id)\" of \(name) is mapped",
                nextStep:
                    "Choose one of its \(found.count) instances with --map-index, or as \"\(id)[\(found[0].instance.mapIndex)]\"."
            )
        }
        return found[0]
    }

    static func unknown(_ message: String, _ name: String, _ known: [String], list: String, empty: String)
        -> CommandFailure
    {
        if known.isEmpty { return CommandFailure("\(message): \(empty)") }
        // Instances of a mapped task share its name.
        var seen: Set<String> = []
        let known = known.filter { seen.insert($0).inserted }
        if let nearest = NearestName.of(name, among: known) {
            return CommandFailure(message, nextStep: "Did you mean \"\(nearest)\"? See `\(list)`.")
        }
        let more = known.count > listed ? " …" : ""
        return CommandFailure(
            message, nextStep: "There are: \(known.prefix(listed).joined(separator: ", "))\(more). See `\(list)`.")
    }
}

extension ImportErrorRecord {
    /// The file's name without its folders and its ending.
    fileprivate var stem: Substring {
        let name = file.split(separator: "/").last ?? ""
        return name.lastIndex(of: ".").map { name[..<$0] } ?? name
    }
}
