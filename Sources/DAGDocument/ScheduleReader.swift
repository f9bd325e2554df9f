import CivilTime
import DAGModel
import Timetables

/// Reads `schedule`: a cron string, null, or a timetable by class path.
struct ScheduleReader {
    let context: DocumentContext
    /// Of the document's cron strings.
    let zone: TimeZoneRules
    let policy: DSTPolicy

    /// The timetable; nil when it is wrong, which is then reported.
    func read(_ field: Field) -> Timetable? {
        switch field.node.content {
        case .null: return .null
        case .string(let text): return plain(text.trimmingBlanks, field)
        case .map(let entries):
            for entry in entries where entry.key != "uses" && entry.key != "with" {
                context.error(
                    "unknown key '\(entry.key.shortened)': a timetable is {uses: class, with: {…}}",
                    hint: nearestHint(entry.key, among: ["uses", "with"]), at: entry.keyMark, field.path.key(entry.key))
            }
            return timetable(entries, field)
        default:
            context.mismatch(
                field, "a cron string, null, or {uses: timetable, with: {…}}",
                hint: "for assets: {uses: \(TimetableClass.assets.path), with: {all: [name]}}")
            return nil
        }
    }

    private func plain(_ text: String, _ field: Field) -> Timetable? {
        switch text.lowercased() {
        case "@once": return .once
        case "@continuous": return .continuous
        default: break
        }
        guard let schedule = cron(text, zone, field) else { return nil }
        return context.settings.createsCronDataIntervals ? .cronDataInterval(schedule) : .cron(schedule)
    }

    private func cron(_ text: String, _ zone: TimeZoneRules, _ field: Field) -> CronSchedule? {
        do {
            let schedule = try CronSchedule(parsing: text, zone: zone, policy: policy)
            warn(about: schedule, field)
            return schedule
        } catch {
            let presets = [
                "@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly",
                "@annually",
                "@midnight",
            ]
            // The message may have named the nearest one already.
            let isNamed = error.description.contains("did you mean")
            var hint = text.hasPrefix("@") && !isNamed ? nearestHint(text, among: presets) : nil
            if hint == nil, (try? Duration(parsing: text)) != nil {
                hint = "for every \(text): {uses: \(TimetableClass.deltaTrigger.path), with: {delta: \(text)}}"
            }
            context.error(error.description, hint: hint, at: field.node.mark, field.path)
            return nil
        }
    }

    private func warn(about schedule: CronSchedule, _ field: Field) {
        if schedule.neverFires {
            context.warning(
                "the cron expression \"\(schedule.expression.text)\" never fires: no such day exists",
                at: field.node.mark,
                field.path)
        }
        let parts = schedule.expression.text.split { $0 == " " || $0 == "\t" }
        guard parts.count >= 5, !["*", "?"].contains(parts[2]), !["*", "?"].contains(parts[4]) else { return }
        if schedule.expression.mixesStarStepWithDay {
            context.warning(
                "a day of month and a weekday with a star step: both must match here, either suffices in Airflow",
                hint: "write the days as a list", at: field.node.mark, field.path)
        } else {
            context.warning(
                "both a day of month and a weekday are given: it fires when either matches", at: field.node.mark,
                field.path)
        }
    }

    private func timetable(_ entries: [YAMLEntry], _ field: Field) -> Timetable? {
        guard let uses = entries["uses"] else {
            context.error(
                "the key 'uses' is missing: a timetable is {uses: class, with: {…}}", at: field.node.mark, field.path)
            return nil
        }
        let usesField = Field(uses, in: field.path)
        guard let name = context.requiredString(usesField, "a timetable's class path") else { return nil }
        var arguments: [YAMLEntry] = []
        if let with = entries["with"] {
            guard let given = with.value.entries else {
                context.mismatch(Field(with, in: field.path), "a mapping of arguments")
                return nil
            }
            arguments = given
        }
        guard let kind = TimetableClass(name: name) else {
            context.error(
                "unknown timetable '\(name.shortened)'",
                hint: TimetableClass.nearest(to: name).map { "did you mean '\($0.path)'?" }
                    ?? "known: \(TimetableClass.allCases.map(\.className).joined(separator: ", "))",
                at: uses.value.mark, usesField.path)
            return nil
        }
        let path = field.path.key("with")
        var isGood = true
        for entry in arguments where !kind.arguments.contains(entry.key) {
            isGood = false
            context.error(
                "the timetable \(kind.className) has no argument '\(entry.key.shortened)'",
                hint: nearestHint(entry.key, among: kind.arguments)
                    ?? (kind.arguments.isEmpty
                        ? "it takes none" : "it takes \(kind.arguments.joined(separator: ", "))"),
                at: entry.keyMark, path.key(entry.key))
        }
        for name in kind.required where arguments[name] == nil {
            isGood = false
            context.error(
                "the timetable \(kind.className) needs the argument '\(name)'", hint: "add with: {\(name): …}",
                at: entries["with"]?.keyMark ?? field.node.mark, entries["with"] == nil ? field.path : path)
        }
        let result = TimetableArguments(reader: self, entries: arguments, path: path).timetable(kind, field)
        return isGood ? result : nil
    }

    /// The cron schedule of an argument.
    func cron(_ field: Field, zone: TimeZoneRules) -> CronSchedule? {
        guard let text = context.requiredString(field, "a cron expression") else { return nil }
        return cron(text.trimmingBlanks, zone, field)
    }
}
