import CivilTime
import RunStore
import Timetables

/// A DAG's schedule and next run in words.
enum ScheduleWords {
    /// Keys `schedule`, `cron` (when words differ from it), and `next` or `nextNote`.
    static func view(_ dag: DAGSummary, _ words: TimeWords) -> [String: Any] {
        let exact = dag.timetable.description
        var view: [String: Any] = ["schedule": dag.timetable.phrase ?? exact]
        if let phrase = dag.timetable.phrase, phrase != exact, !dag.timetable.cronSchedules.isEmpty {
            view["cron"] = exact
        }
        if !dag.isActive {
            view["nextNote"] = "none: its document is gone"
        } else if dag.isPaused {
            view["nextNote"] = dag.pauseReason.map { "paused by the scheduler: \($0)" } ?? "paused"
        } else if let due = dag.nextDue(now: words.now)?.due {
            view["next"] = words.view(due)
            if due < words.now { view["nextNote"] = dag.catchup ? "being caught up" : "due" }
        } else if dag.timetable.isContinuous {
            view["nextNote"] = "as soon as a run ends"
        } else if dag.timetable.assetCondition != nil {
            view["nextNote"] = "when its data changes"
        } else {
            view["nextNote"] = dag.timetable.isTimeBased ? "no more" : "when triggered"
        }
        return view
    }
}
