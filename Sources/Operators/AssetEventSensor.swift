import CivilTime
package import DAGModel
package import Execution

/// Airflow's AssetEventSensor: waits for events of an asset.
package struct AssetEventSensor: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "asset_sensor",
        aliases: [
            "AssetEventSensor", "airflow.providers.standard.sensors.asset.AssetEventSensor", "AssetSensor",
        ],
        summary: "Waits until an asset has changed; the events are the output.",
        parameters: [
            .init("name", .string, "the asset's name"),
            .init("uri", .string, "the same: assets have one name here"),
            .init(
                "after", .string, rule: .dateTime,
                "only events at this date and time or later, such as a template gives"),
            .init("before", .string, rule: .dateTime, "only events up to this date and time"),
            .init("extra", .object, "only events whose extra has these members"),
            .init(
                "covers_interval", .boolean,
                "ours: waits until the intervals of the events together cover the run's data interval; false by default"
            ),
            .init("expected_count", .integer, "how many events; 1 by default"),
            .init(
                "count_policy", .string, choices: ["minimum", "exact"],
                "whether more events will do; minimum by default"),
            .init("limit", .integer, "the most events that are looked at; 1000 by default"),
            .init("ascending", .boolean, "whether the oldest come first; true by default"),
        ] + Sensing.parameters, alternatives: [.init(["name", "uri"], required: true)])

    /// The most events of one look.
    private static let mostEvents: Int64 = 1_000

    private let query: AssetEventQuery
    private let extra: [String: JSONValue]
    private let coversInterval: Bool
    private let count: Int
    private let isExact: Bool
    private let sensing: Sensing
    private let keepsOutput: Bool
    private let runs: any RunInquiry

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], runs: any RunInquiry) throws {
        let arguments = try Arguments(values, Self.signature)
        self.runs = runs
        guard let name = try arguments.string("name") ?? arguments.string("uri"), !name.isEmpty else {
            throw Arguments.failure("name must say which asset is waited for")
        }
        let limit = Int(try arguments.int("limit", in: 1...Self.mostEvents) ?? Self.mostEvents)
        query = AssetEventQuery(
            asset: name, after: try Self.instant(arguments, "after"), before: try Self.instant(arguments, "before"),
            isAscending: try arguments.bool("ascending", default: true), limit: limit)
        extra = try arguments.object("extra") ?? [:]
        coversInterval = try arguments.bool("covers_interval", default: false)
        count = Int(try arguments.int("expected_count", in: 0...Self.mostEvents) ?? 1)
        isExact = try arguments.string("count_policy") == "exact"
        guard limit >= count else {
            throw Arguments.failure(
                "limit (\(limit)) is below expected_count (\(count)): the sensor would wait for ever")
        }
        sensing = try Sensing(arguments)
        keepsOutput = try arguments.bool("do_xcom_push", default: true)
    }

    private static func instant(_ arguments: Arguments, _ name: String) throws -> Timestamp? {
        guard let text = try arguments.string(name) else { return nil }
        guard let parsed = ISO8601.parse(text.replacing(" ", with: "T", maxReplacements: 1)) else {
            throw Arguments.failure("\(name) must be a date and time such as 2026-01-01T00:00:00Z, found \"\(text)\"")
        }
        guard let offset = parsed.offsetSeconds else { return TimeZoneRules.utc.instant(of: parsed.civil) }
        return TimeZoneRules.fixed(offsetSeconds: offset).instant(of: parsed.civil)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let events = try await runs.assetEvents(query).filter { event in
            extra.allSatisfy { event.extra[$0.key] == $0.value }
        }
        let what = "asset \"\(query.asset)\" has \(events.count) of \(count) events"
        guard isExact ? events.count == count : events.count >= count else { throw sensing.notYet(what, context) }
        if coversInterval {
            guard let interval = context.launch.run.interval, !interval.isEmpty else {
                throw TaskFailure(
                    "covers_interval asks for a data interval, and this run has none: say after instead",
                    isRetryable: false)
            }
            if let gap = Self.gap(in: events.compactMap(\.interval), of: interval) {
                throw sensing.notYet("the events of asset \"\(query.asset)\" do not cover \(gap.iso8601) yet", context)
            }
        }
        return TaskResult(output: keepsOutput ? .array(events.map(\.json)) : nil)
    }

    /// The first instant of `interval` that none of the others covers; nil when together they cover it.
    static func gap(in intervals: [DataInterval], of interval: DataInterval) -> Timestamp? {
        var covered = interval.start
        for next in intervals.sorted(by: { $0.start < $1.start }) where next.end > covered {
            if next.start > covered { return covered }
            covered = next.end
            if covered >= interval.end { return nil }
        }
        return covered < interval.end ? covered : nil
    }
}

extension AssetEventFacts {
    fileprivate var json: JSONValue {
        func time(_ instant: Timestamp?) -> JSONValue { instant.map { .string($0.iso8601) } ?? .null }
        return [
            "asset": .string(asset), "timestamp": .string(at.iso8601), "source_dag_id": .string(sourceDAG.rawValue),
            "source_task_id": .string(sourceTask.rawValue), "source_map_index": .int(Int64(sourceMapIndex)),
            "interval_start": time(interval?.start), "interval_end": time(interval?.end), "extra": extra,
        ]
    }
}
