import CivilTime
import Timetables

/// Reads a timetable's `with` by the names of Airflow's constructors.
struct TimetableArguments {
    let reader: ScheduleReader
    let entries: [YAMLEntry]
    let path: DocumentPath

    private var context: DocumentContext { reader.context }

    private func field(_ name: String) -> Field? {
        entries[name].map { Field($0, in: path) }
    }

    func timetable(_ kind: TimetableClass, _ whole: Field) -> Timetable? {
        switch kind {
        case .null: return .null
        case .once: return .once
        case .continuous: return .continuous
        case .cronTrigger:
            let (zone, interval, immediately) = (zone(), interval(), runImmediately())
            guard let cron = field("cron").flatMap({ field in zone.flatMap { reader.cron(field, zone: $0) } }) else {
                return nil
            }
            return .cronTrigger(CronTrigger([cron], interval: interval, runImmediately: immediately))
        case .multipleCronTrigger:
            let (zone, interval, immediately) = (zone(), interval(), runImmediately())
            guard let zone, let crons = crons(zone) else { return nil }
            return .cronTrigger(CronTrigger(crons, interval: interval, runImmediately: immediately))
        case .cronDataInterval:
            let zone = zone()
            return field("cron").flatMap { field in zone.flatMap { reader.cron(field, zone: $0) } }
                .map { .cronDataInterval($0) }
        case .deltaTrigger, .deltaDataInterval: return delta(kind)
        case .events: return events()
        case .assets: return assets(whole)
        }
    }

    /// `timezone`, or the document's zone; nil when it is wrong.
    private func zone() -> TimeZoneRules? {
        guard let field = field("timezone"), !field.node.isNull else { return reader.zone }
        return context.zone(field)
    }

    private func interval() -> Duration {
        field("interval").flatMap { context.duration($0, allowsZero: true) } ?? .zero
    }

    private func runImmediately() -> CronTrigger.RunImmediately {
        guard let field = field("run_immediately") else { return .never }
        switch field.node.content {
        case .null: return .automatic
        case .bool(let flag): return flag ? .always : .never
        default: return context.duration(field, allowsZero: false).map { .within($0) } ?? .never
        }
    }

    private func crons(_ zone: TimeZoneRules) -> [CronSchedule]? {
        guard let field = field("crons") else { return nil }
        guard let items = context.strings(field, of: "cron expressions") else { return nil }
        if items.isEmpty {
            if case .list(let elements) = field.node.content, elements.isEmpty {
                context.mismatch(field, "at least one cron expression")
            }
            return nil
        }
        let schedules = items.compactMap { reader.cron($0, zone: zone) }
        return schedules.count == items.count ? schedules : nil
    }

    private func delta(_ kind: TimetableClass) -> Timetable? {
        let interval = interval()
        guard let field = field("delta") else { return nil }
        if field.node.isNull { context.mismatch(field, "a duration") }
        guard let delta = context.duration(field, allowsZero: false) else { return nil }
        do {
            let schedule = try DeltaSchedule(delta: delta, interval: interval)
            return kind == .deltaTrigger ? .deltaTrigger(schedule) : .deltaDataInterval(schedule)
        } catch {
            context.error(error.description, at: field.node.mark, field.path)
            return nil
        }
    }

    private func events() -> Timetable? {
        let restricts = field("restrict_to_events").flatMap { context.bool($0) } ?? false
        _ = field("presorted").flatMap { context.bool($0) }
        let label = field("description").flatMap { context.string($0) } ?? ""
        guard let field = field("event_dates") else { return nil }
        guard case .list(let elements) = field.node.content else {
            context.mismatch(field, "a list of dates")
            return nil
        }
        if elements.isEmpty {
            context.warning(
                "the list of events is empty: the DAG never runs by itself", at: field.node.mark, field.path)
        }
        var dates: [Timestamp] = []
        for (index, element) in elements.enumerated() {
            let item = Field(element, field.path.index(index))
            if element.isNull { context.mismatch(item, "a date") }
            if let date = context.instant(item, in: reader.zone) { dates.append(date) }
        }
        return dates.count == elements.count
            ? .events(EventDates(dates, restrictsToEvents: restricts, label: label)) : nil
    }

    // MARK: - Assets

    private func assets(_ whole: Field) -> Timetable? {
        let zone = zone()
        var time: Timetable?
        var isGood = zone != nil
        if let field = field("cron"), !field.node.isNull, let zone {
            if let cron = reader.cron(field, zone: zone) {
                time = context.settings.createsCronDataIntervals ? .cronDataInterval(cron) : .cron(cron)
            } else {
                isGood = false
            }
        }
        let conditions = entries.filter { $0.key == "all" || $0.key == "any" }
        guard let first = conditions.first else {
            context.error(
                "the timetable AssetTriggered needs 'all' or 'any', a list of assets", hint: "add with: {all: [name]}",
                at: whole.node.mark, whole.path)
            return nil
        }
        if conditions.count > 1 {
            context.error(
                "both 'all' and 'any' are given", hint: "nest one in the other: all: [a, {any: [b, c]}]",
                at: conditions[1].keyMark, path.key(conditions[1].key))
            isGood = false
        }
        guard let condition = parts(first, path) else { return nil }
        return isGood ? .assets(condition, time: time) : nil
    }

    private func parts(_ entry: YAMLEntry, _ parent: DocumentPath) -> AssetCondition? {
        let field = Field(entry, in: parent)
        guard case .list(let elements) = field.node.content, !elements.isEmpty else {
            context.mismatch(field, "a list of at least one asset", hint: field.node.string.map { "write [\($0)]" })
            return nil
        }
        var conditions: [AssetCondition] = []
        for (index, element) in elements.enumerated() {
            if let condition = condition(Field(element, field.path.index(index))) { conditions.append(condition) }
        }
        guard conditions.count == elements.count else { return nil }
        return entry.key == "all" ? .all(conditions) : .any(conditions)
    }

    private func condition(_ field: Field) -> AssetCondition? {
        guard let entries = field.node.entries else {
            return context.requiredString(field, "an asset's name, {all: […]} or {any: […]}").map { .asset($0) }
        }
        if entries.count == 1, let entry = entries.first {
            if entry.key == "all" || entry.key == "any" { return parts(entry, field.path) }
            if entry.key == "name" || entry.key == "uri" {
                return context.requiredString(Field(entry, in: field.path), "an asset's name").map { .asset($0) }
            }
            context.error(
                "unknown key '\(entry.key.shortened)': expected an asset's name, {all: […]} or {any: […]}",
                hint: nearestHint(entry.key, among: ["all", "any", "name"]), at: entry.keyMark,
                field.path.key(entry.key))
            return nil
        }
        context.mismatch(field, "an asset's name, {all: […]} or {any: […]}")
        return nil
    }
}
