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
            params: Self.parameters(dag.params, conf: conf))
    }

    /// The declared defaults under what the trigger passed along (Airflow's `dag_run_conf_overrides_params`, on by
    /// default).
    static func parameters(_ declared: [String: JSONValue], conf: [String: JSONValue]) -> [String: JSONValue] {
        declared.mapValues { DeclaredParameter($0).standard ?? .null }.merging(conf) { _, given in given }
    }
}

extension ConnectionFacts {
    /// The parts of a connection's address.
    package init(_ connection: Connection) {
        let rest = connection.url.dropFirst(connection.scheme.count + 3)
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        let tail = rest[authorityEnd...]
        let path = tail.prefix { $0 != "?" && $0 != "#" }.dropFirst()
        let query = tail.drop { $0 != "?" }.dropFirst().prefix { $0 != "#" }
        func decoded(_ text: Substring) -> String? { text.isEmpty ? nil : PercentEncoding.decoded(text) }
        let at = authority.lastIndex(of: "@")
        let user = at.map { authority[..<$0] } ?? ""
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        // An IPv6 address has colons of its own, between brackets.
        let colon = place.lastIndex(of: ":").flatMap { place[$0...].contains("]") ? nil : $0 }
        let secret = user.firstIndex(of: ":")
        var extra: [String: JSONValue] = [:]
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            extra[PercentEncoding.decoded(pair[0])] = .string(pair.count > 1 ? PercentEncoding.decoded(pair[1]) : "")
        }
        self.init(
            type: connection.scheme, host: decoded(colon.map { place[..<$0] } ?? place),
            port: colon.flatMap { Int(place[place.index(after: $0)...]) },
            login: decoded(secret.map { user[..<$0] } ?? user),
            password: secret.map { PercentEncoding.decoded(user[user.index(after: $0)...]) }, schema: decoded(path),
            extra: extra, url: connection.url)
    }
}

/// `%41` in addresses.
enum PercentEncoding {
    static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
