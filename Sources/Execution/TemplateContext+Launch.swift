import CivilTime
import DAGModel
import Templates
import Timetables

extension TemplateContext {
    /// What the templates of a try can read; variables are not among it.
    init(_ launch: AttemptLaunch) {
        let dag = launch.dag
        let task = launch.task
        let run = launch.run
        var operatorName = "run"
        if case .uses(let name) = task.body { operatorName = name }
        let conf = run.conf.objectValue ?? [:]
        self.init(
            dag: DAGFacts(
                id: dag.id, displayName: dag.displayName, summary: dag.summary, docMD: dag.docMD, tags: dag.tags,
                owner: dag.owner, zone: dag.timetable.cronSchedules.first?.zone.identifier ?? "UTC",
                maxActiveRuns: dag.maxActiveRuns, startDate: dag.bounds.start, endDate: dag.bounds.end),
            task: TaskFacts(
                id: task.id, operatorName: operatorName, owner: task.owner ?? dag.owner, queue: task.queue,
                pool: task.pool, retries: task.retries, docMD: task.docMD, tryNumber: launch.tryNumber,
                maxTries: launch.maxTries, mapIndex: launch.mapIndex, startDate: .now(), upstream: task.upstream),
            run: TemplateContext.RunFacts(
                id: run.runID, type: run.type, logicalDate: run.logicalDate, dataInterval: run.interval,
                runAfter: run.runAfter, startDate: run.startDate, events: run.events, conf: conf),
            params: Self.parameters(dag.params, conf: conf))
    }

    /// The declared defaults under what the trigger passed along (Airflow's `dag_run_conf_overrides_params`, on by
    /// default).
    static func parameters(_ declared: [String: JSONValue], conf: [String: JSONValue]) -> [String: JSONValue] {
        declared.mapValues { DeclaredParameter($0).standard ?? .null }.merging(conf) { _, given in given }
    }
}
