/// JSON with a tag: `{"kind": "cron_trigger", "schedules": [{"cron": "0 * * * *", "timezone": "UTC", "dst": {…}}]}`. Tags
/// are stored with runs and versions, so they are only ever added to.
extension Timetable: Codable {
    private enum Key: String, CodingKey { case kind, condition, time }

    private enum Kind: String, Codable {
        case null, once, continuous, events, assets
        case cronTrigger = "cron_trigger"
        case cronDataInterval = "cron_data_interval"
        case deltaTrigger = "delta_trigger"
        case deltaDataInterval = "delta_data_interval"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .null: self = .null
        case .once: self = .once
        case .continuous: self = .continuous
        case .cronTrigger: self = .cronTrigger(try CronTrigger(from: decoder))
        case .cronDataInterval: self = .cronDataInterval(try CronSchedule(from: decoder))
        case .deltaTrigger: self = .deltaTrigger(try DeltaSchedule(from: decoder))
        case .deltaDataInterval: self = .deltaDataInterval(try DeltaSchedule(from: decoder))
        case .events: self = .events(try EventDates(from: decoder))
        case .assets:
            self = .assets(
                try container.decode(AssetCondition.self, forKey: .condition),
                time: try container.decodeIfPresent(Timetable.self, forKey: .time))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .null: try container.encode(Kind.null, forKey: .kind)
        case .once: try container.encode(Kind.once, forKey: .kind)
        case .continuous: try container.encode(Kind.continuous, forKey: .kind)
        case .cronTrigger(let trigger):
            try container.encode(Kind.cronTrigger, forKey: .kind)
            try trigger.encode(to: encoder)
        case .cronDataInterval(let schedule):
            try container.encode(Kind.cronDataInterval, forKey: .kind)
            try schedule.encode(to: encoder)
        case .deltaTrigger(let schedule):
            try container.encode(Kind.deltaTrigger, forKey: .kind)
            try schedule.encode(to: encoder)
        case .deltaDataInterval(let schedule):
            try container.encode(Kind.deltaDataInterval, forKey: .kind)
            try schedule.encode(to: encoder)
        case .events(let events):
            try container.encode(Kind.events, forKey: .kind)
            try events.encode(to: encoder)
        case .assets(let condition, let time):
            try container.encode(Kind.assets, forKey: .kind)
            try container.encode(condition, forKey: .condition)
            try container.encodeIfPresent(time, forKey: .time)
        }
    }
}
