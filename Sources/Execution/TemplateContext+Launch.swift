import CivilTime
import DAGModel
package import Templates
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
                maxTries: launch.maxTries, mapIndex: launch.mapIndex, startDate: .now(), upstream: task.upstream,
                outlets: task.outlets),
            run: TemplateContext.RunFacts(
                id: run.runID, type: run.type, logicalDate: run.logicalDate, dataInterval: run.interval,
                runAfter: run.runAfter, startDate: run.startDate, events: run.events, conf: conf),
            params: Self.parameters(dag.params.merging(task.params) { _, own in own }, conf: conf))
    }

    /// The declared defaults, the task's over the DAG's, under what the trigger passed along (Airflow's `dag_run_conf_overrides_params`, on by
    /// default).
    static func parameters(_ declared: [String: JSONValue], conf: [String: JSONValue]) -> [String: JSONValue] {
        declared.mapValues { DeclaredParameter($0).standard ?? .null }.merging(conf) { _, given in given }
    }
}

extension ConnectionFacts {
    /// The parts of a connection's address.
    package init(_ connection: Connection) {
        let address = connection.address
        func decoded(_ text: Substring?) -> String? {
            text.flatMap { $0.isEmpty ? nil : PercentEncoding.decoded($0) }
        }
        let place = address.place
        // An IPv6 address has colons of its own, between brackets.
        let colon = place.lastIndex(of: ":").flatMap { place[$0...].contains("]") ? nil : $0 }
        var extra: [String: JSONValue] = [:]
        for option in address.options { extra[option.name] = .string(PercentEncoding.decoded(option.value)) }
        self.init(
            type: connection.scheme, host: decoded(colon.map { place[..<$0] } ?? place),
            port: colon.flatMap { Int(place[place.index(after: $0)...]) }, login: decoded(address.login),
            password: address.password.map { PercentEncoding.decoded($0) }, schema: decoded(address.path.dropFirst()),
            extra: extra, url: connection.url)
    }
}
