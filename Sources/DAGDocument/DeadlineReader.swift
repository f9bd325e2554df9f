import CivilTime
import DAGModel

/// Reads deadlines: one or a list of them, `{reference: …, interval: …, callback: {uses: …}}`.
struct DeadlineReader {
    private let context: DocumentContext
    private let zone: TimeZoneRules
    private var callbacks: CallbackReader

    /// Tasks whose outputs the callbacks read.
    var references: [TaskReference] { callbacks.references }

    /// `zone` is that of fixed dates without offset.
    init(_ context: DocumentContext, zone: TimeZoneRules) {
        self.context = context
        self.zone = zone
        callbacks = CallbackReader(context)
    }

    private static let keys = ["reference", "interval", "callback"]
    private static let tokens = ["dagrun_queued_at", "dagrun_logical_date", "average_runtime"]
    private static let averageKeys = ["max_runs", "min_runs"]
    private static let form = "a deadline, {reference: dagrun_queued_at, interval: 1h, callback: {uses: …}}"

    mutating func read(_ field: Field) -> [Deadline] {
        switch field.node.content {
        case .null: return []
        case .list(let elements):
            return elements.enumerated().compactMap { deadline(Field($0.element, field.path.index($0.offset))) }
        default: return deadline(field).map { [$0] } ?? []
        }
    }

    private mutating func deadline(_ field: Field) -> Deadline? {
        guard let entries = field.node.entries else {
            context.mismatch(field, Self.form)
            return nil
        }
        for entry in entries where !Self.keys.contains(entry.key) {
            context.error(
                "unknown key '\(entry.key.shortened)': expected reference, interval and callback",
                hint: nearestHint(entry.key, among: Self.keys), at: entry.keyMark, field.path.key(entry.key))
        }
        for key in Self.keys where entries[key] == nil {
            context.error("the key '\(key)' is missing: expected \(Self.form)", at: field.node.mark, field.path)
        }
        let reference = entries["reference"].flatMap { self.reference(Field($0, in: field.path)) }
        let interval = entries["interval"].flatMap { self.interval(Field($0, in: field.path)) }
        let called = entries["callback"].map { callbacks.read(Field($0, in: field.path), on: .deadline) } ?? []
        guard let reference, let interval else { return nil }
        return Deadline(reference: reference, interval: interval, callbacks: called)
    }

    /// Airflow's names, in either case, or an instant, plain or as `{fixed_datetime: …}`.
    private func reference(_ field: Field) -> Deadline.Reference? {
        if let entries = field.node.entries, entries.count == 1, let entry = entries.first {
            switch entry.key.lowercased() {
            case "fixed_datetime": return context.instant(Field(entry, in: field.path), in: zone).map { .fixed($0) }
            case "average_runtime": return averageRuntime(Field(entry, in: field.path))
            default: break
            }
        }
        let expected = "\(Self.tokens.joined(separator: ", ")), or a date and time"
        guard let text = field.node.string else {
            context.mismatch(field, expected)
            return nil
        }
        switch text.lowercased() {
        case "dagrun_queued_at": return .queuedAt
        case "dagrun_logical_date": return .logicalDate
        case "average_runtime": return .averageRuntime()
        default:
            guard let parsed = ISO8601.parse(text.trimmingBlanks) else {
                context.error(
                    "unknown reference '\(text.prefix(60))': expected \(expected)",
                    hint: nearestHint(text.lowercased(), among: Self.tokens), at: field.node.mark, field.path)
                return nil
            }
            return .fixed(DocumentContext.instant(parsed, in: zone))
        }
    }

    /// `{average_runtime: {max_runs: 20, min_runs: 5}}`: both may be left out, and `min_runs` is then `max_runs`.
    private func averageRuntime(_ field: Field) -> Deadline.Reference? {
        if field.node.isNull { return .averageRuntime() }
        guard let entries = field.node.entries else {
            context.mismatch(field, "{max_runs: 10, min_runs: 10}")
            return nil
        }
        for entry in entries where !Self.averageKeys.contains(entry.key) {
            context.error(
                "unknown key '\(entry.key.shortened)': expected max_runs and min_runs",
                hint: nearestHint(entry.key, among: Self.averageKeys), at: entry.keyMark, field.path.key(entry.key))
        }
        /// A count with its place; nil for a wrong one, which is said.
        func count(_ key: String, default value: Int) -> (value: Int, place: Field)? {
            guard let entry = entries[key], !entry.value.isNull else { return (value, field) }
            let place = Field(entry, in: field.path)
            return context.int(place, atLeast: 1).map { ($0, place) }
        }
        guard let maximum = count("max_runs", default: Deadline.Reference.defaultRuns),
            let minimum = count("min_runs", default: maximum.value)
        else { return nil }
        guard maximum.value <= AverageRuntime.horizon else {
            context.mismatch(maximum.place, "a whole number of at most \(AverageRuntime.horizon)")
            return nil
        }
        guard minimum.value <= maximum.value else {
            context.mismatch(
                minimum.place, "at most max_runs, which is \(maximum.value)",
                hint: "with more there would never be a deadline: make max_runs larger")
            return nil
        }
        return .averageRuntime(maximumRuns: maximum.value, minimumRuns: minimum.value)
    }

    /// A duration that may be negative.
    private func interval(_ field: Field) -> Duration? {
        switch field.node.content {
        case .int(let seconds) where seconds < 0 && seconds > -(1 << 40): return .seconds(seconds)
        case .string(let text) where text.hasPrefix("-"):
            do {
                return .zero - (try Duration(parsing: String(text.dropFirst())))
            } catch {
                context.error(error.description, at: field.node.mark, field.path)
                return nil
            }
        case .null:
            context.mismatch(field, "a duration such as 30m, or -30m for one before the reference")
            return nil
        default: return context.duration(field, allowsZero: true)
        }
    }
}
