import CivilTime

extension Timetable: CustomStringConvertible {
    /// One line for people: `0 * * * * (Asia/Seoul)`, `every 1h 30m`, `on bronze.ticker_24h`.
    package var description: String {
        switch self {
        case .null: return "none (only triggered)"
        case .once: return "@once"
        case .continuous: return "@continuous"
        case .cronTrigger(let trigger): return Self.joined(trigger.schedules)
        case .cronDataInterval(let schedule): return schedule.description
        case .deltaTrigger(let schedule), .deltaDataInterval(let schedule):
            return "every \(schedule.delta.humanText())"
        case .events(let events):
            if !events.label.isEmpty { return events.label }
            return events.dates.count == 1 ? "1 event" : "\(events.dates.count) events"
        case .assets(let condition, let time):
            return "on \(condition)" + (time.map { " or \($0)" } ?? "")
        }
    }

    /// The schedule in plain words where it is simple enough, `hourly at :00`; else nil.
    package var phrase: String? {
        switch self {
        case .null: return "only when triggered"
        case .once: return "once"
        case .continuous: return "again as soon as a run ends"
        case .cronTrigger(let trigger):
            let phrases = trigger.schedules.compactMap(\.expression.phrase)
            return phrases.count == trigger.schedules.count && !phrases.isEmpty
                ? phrases.joined(separator: "; ") : nil
        case .cronDataInterval(let schedule): return schedule.expression.phrase
        case .deltaTrigger, .deltaDataInterval: return description
        case .events: return nil
        case .assets(let condition, let time):
            let assets = condition.assets
            guard assets.count <= 3 else { return nil }
            let phrase = "when \(condition) has new data"
            guard let time else { return phrase }
            return time.phrase.map { "\(phrase), and \($0)" }
        }
    }

    private static func joined(_ schedules: [CronSchedule]) -> String {
        guard let first = schedules.first else { return "no cron expressions" }
        guard schedules.allSatisfy({ $0.zone == first.zone }) else {
            return schedules.map(\.description).joined(separator: ", ")
        }
        return schedules.map(\.expression.text).joined(separator: ", ") + " (\(first.zone.identifier))"
    }
}
