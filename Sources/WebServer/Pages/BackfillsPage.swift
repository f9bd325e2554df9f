import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// `/backfills`: the newest backfills of all DAGs.
struct BackfillsPage {
    let history: any RunHistory
    let words: TimeWords

    private static let shown = 100

    func page() async throws -> SitePage? {
        let backfills = try await history.backfills(dag: nil, limit: Self.shown)
        var content: [String: Any] = ["any": !backfills.isEmpty, "card": "dags", "backfills": backfills.map(row)]
        if backfills.count == Self.shown { content["note"] = "The \(Self.shown) newest." }
        return .view("Backfills", section: "backfills", "backfills", content)
    }

    /// A row for the template `progress`.
    func row(_ backfill: BackfillRecord) -> [String: Any] {
        let done = min(backfill.created + backfill.skipped, backfill.total)
        let colour =
            switch backfill.state {
            case .running: "s-running"
            case .paused: "s-queued"
            case .completed: "s-success"
            case .cancelled: "s-skipped"
            }
        return [
            "href": PageLink.dag(backfill.dag), "dag": backfill.dag.rawValue, "id": backfill.id.description,
            "state": backfill.state.rawValue, "class": colour, "total": max(backfill.total, 1), "done": done,
            "progress":
                "\(done) of \(backfill.total) decided: \(backfill.created) runs made, \(backfill.skipped) left alone",
            "from": TimeWords.minute(backfill.from), "to": TimeWords.minute(backfill.to),
            "reprocess": backfill.reprocess.rawValue, "made": TimeWords.absolute(backfill.createdAt),
            "by": "by \(backfill.triggeredBy)"
                + (backfill.endedAt.map { ", took " + words.duration(from: backfill.createdAt, to: $0) } ?? ""),
        ]
    }
}
