import CivilTime
package import DAGModel
package import Execution
import Timetables

/// Waits for an instant: Airflow's TimeSensor, DateTimeSensor and TimeDeltaSensor.
///
/// The task is woken at that instant and holds nothing until then.
package struct TimeSensor: Execution.Operator {
    package enum Kind: CaseIterable, Sendable { case timeOfDay, dateTime, delta }

    package static func signature(_ kind: Kind) -> OperatorSignature {
        let module = "airflow.providers.standard.sensors"
        return switch kind {
        case .timeOfDay:
            OperatorSignature(
                name: "time_sensor",
                aliases: ["TimeSensor", "\(module).time.TimeSensor", "\(module).time.TimeSensorAsync"],
                summary: "Waits until a time of the present day.",
                parameters: [
                    .init(
                        "target_time", .string, required: true, rule: .timeOfDay,
                        "such as 14:30 or 14:30:05, in the DAG's zone")
                ] + Sensing.parameters)
        case .dateTime:
            OperatorSignature(
                name: "date_time_sensor",
                aliases: [
                    "DateTimeSensor", "\(module).date_time.DateTimeSensor", "\(module).date_time.DateTimeSensorAsync",
                ],
                summary: "Waits until a date and time.",
                parameters: [
                    .init(
                        "target_time", .string, required: true, rule: .dateTime,
                        "such as 2026-01-01T00:00:00+00:00, or a template")
                ] + Sensing.parameters)
        case .delta:
            OperatorSignature(
                name: "time_delta_sensor",
                aliases: [
                    "TimeDeltaSensor", "\(module).time_delta.TimeDeltaSensor",
                    "\(module).time_delta.TimeDeltaSensorAsync",
                ],
                summary: "Waits until a while after the end of the run's data interval.",
                parameters: [.init("delta", .duration, required: true, "such as 10m")] + Sensing.parameters)
        }
    }

    private let kind: Kind
    private let text: String
    private let delta: Duration
    private let sensing: Sensing

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(_ kind: Kind, arguments values: [String: JSONValue]) throws {
        let arguments = try Arguments(values, Self.signature(kind))
        self.kind = kind
        sensing = try Sensing(arguments)
        text = kind == .delta ? "" : try arguments.required("target_time")
        delta = kind == .delta ? try arguments.duration("delta") ?? .zero : .zero
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let target = try target(context.launch)
        let now = Timestamp.now()
        if now >= target { return TaskResult() }
        let since = context.launch.startedAt ?? now
        let end = since + sensing.timeout
        let what = "waits for \(target.iso8601)"
        if now >= end { throw sensing.notYet(what, context) }
        throw TaskDefer(until: min(target, end), what)
    }

    private func target(_ launch: AttemptLaunch) throws -> Timestamp {
        let zone = launch.dag.timetable.cronSchedules.first?.zone ?? .utc
        switch kind {
        case .delta:
            return (launch.run.interval?.end ?? launch.run.runAfter) + delta
        case .dateTime:
            guard let parsed = ISO8601.parse(text.replacing(" ", with: "T", maxReplacements: 1)) else {
                throw Arguments.failure("target_time must be a date and time such as 2026-01-01T00:00:00Z")
            }
            guard let offset = parsed.offsetSeconds else { return zone.instant(of: parsed.civil) }
            return TimeZoneRules.fixed(offsetSeconds: offset).instant(of: parsed.civil)
        case .timeOfDay:
            // The day on which the try began: a sensor that waits past midnight waits no further day.
            let today = zone.local(at: launch.startedAt ?? .now())
            guard let time = TimeOfDay(text),
                let local = CivilDateTime(
                    year: today.year, month: today.month, day: today.day, hour: time.hour, minute: time.minute,
                    second: time.second)
            else { throw Arguments.failure("target_time must be a time of day such as 14:30 or 14:30:05") }
            return zone.instant(of: local)
        }
    }
}
