import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// What a backfill would do, by the scheduler's own rules, on the history as it is.
struct BackfillPreview {
    private let dag: DAGDetail
    private let fates: [(date: Timestamp, fate: BackfillFate)]
    /// The last date, when the range goes on to dates that are not due.
    private let lastDue: Timestamp?
    private let backwards: Bool
    private let maxActive: Int
    private let conf: JSONValue

    /// Dates whose runs are looked up at once.
    private static let page = 1_000
    /// Lines that a table shows of either end.
    private static let shown = 25

    init(_ command: DAGBackfill, _ dag: DAGDetail, _ opened: OpenedHistory) async throws {
        let definition = dag.definition
        guard dag.summary.isActive else {
            throw CommandFailure(
                "the document of DAG \"\(dag.summary.id)\" is gone or broken", nextStep: "See `cryptoflow dag list`.")
        }
        let plan: BackfillDates
        switch BackfillCheck.dates(
            of: definition, from: command.from, to: command.to, conf: command.conf, backwards: command.backwards,
            now: CommandEnvironment.current.now())
        {
        case .failure(let refusal): throw CommandFailure(refusal.description)
        case .success(let found): plan = found
        }
        let dates = plan.dates
        lastDue = plan.upcoming == nil ? nil : dates.max()
        backwards = command.backwards
        var fates: [(date: Timestamp, fate: BackfillFate)] = []
        for start in stride(from: 0, to: dates.count, by: Self.page) {
            let part = Array(dates[start..<min(start + Self.page, dates.count)])
            let runs = try await opened.history.runs(of: definition.id, at: part)
            let states = Dictionary(
                runs.compactMap { run in run.logicalDate.map { ($0, run.state) } },
                uniquingKeysWith: { first, _ in first })
            fates += part.map { ($0, BackfillFate(state: states[$0], reprocess: command.reprocess)) }
        }
        self.dag = dag
        self.fates = fates
        maxActive = command.maxActive ?? definition.maxActiveRuns
        conf = command.conf
    }

    /// What a backfill says whose range goes on to dates that are not due.
    static func ends(at lastDue: Timestamp, _ shapes: RecordShapes) -> String {
        "the backfill ends with \(shapes.text(lastDue)): later logical dates are not due yet, and the schedule makes their runs"
    }

    func write(_ options: OutputOptions) throws {
        let left = fates.count { $0.fate.isLeft }
        let again = fates.count { $0.fate == .rerun }
        let shapes = options.shapes
        try options.write(
            [
                "dag_id": .string(dag.summary.id.rawValue), "state": "dry_run", "total": .int(Int64(fates.count)),
                "created": .int(Int64(fates.count - left)), "rerun": .int(Int64(again)), "skipped": .int(Int64(left)),
                "max_active_runs": .int(Int64(maxActive)), "version_number": .int(Int64(dag.summary.versionNumber)),
                "run_backwards": .bool(backwards), "last_due": lastDue.map { .string(shapes.text($0)) } ?? .null,
                "dates": .array(
                    fates.map { date, fate in
                        [
                            "logical_date": .string(shapes.text(date)), "action": .string(fate.word),
                            "reason": fate.reason.map { .string($0) } ?? .null,
                        ]
                    }),
            ]
        ) { isColourful in
            var table = TextTable(.init("LOGICAL DATE"), .init("WOULD"), .init("WHY"))
            let rows = fates.count <= 2 * Self.shown ? fates : Array(fates.prefix(Self.shown))
            for (date, fate) in rows { Self.add(date, fate, shapes, to: &table) }
            if fates.count > rows.count {
                table.add(.init("… \(fates.count - 2 * Self.shown) more", .quiet), .init(""), .init(""))
                for (date, fate) in fates.suffix(Self.shown) { Self.add(date, fate, shapes, to: &table) }
            }
            return table.text(isColourful: isColourful)
                + "\n\nbackfill of DAG \(dag.summary.id) by version \(dag.summary.versionNumber): \(fates.count) logical dates, "
                + "\(fates.count - left - again) new, \(again) again, \(left) left alone; \(maxActive) at once"
                + (backwards ? ", the newest first" : "") + (lastDue.map { "\n" + Self.ends(at: $0, shapes) } ?? "")
        }
    }

    private static func add(_ date: Timestamp, _ fate: BackfillFate, _ shapes: RecordShapes, to table: inout TextTable)
    {
        table.add(.init(shapes.text(date)), .init(fate.word, fate.isLeft ? .quiet : .good), .init(fate.reason))
    }
}

extension BackfillFate {
    fileprivate var word: String {
        switch self {
        case .create: "run"
        case .rerun: "run_again"
        case .leave: "leave"
        }
    }

    fileprivate var reason: String? {
        if case .leave(let reason) = self { return reason }
        return nil
    }
}
