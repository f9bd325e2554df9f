import DAGModel

/// The timetables a document may name, with Airflow's class paths and constructor arguments.
package enum TimetableClass: CaseIterable, Sendable {
    case cronTrigger, multipleCronTrigger, cronDataInterval, deltaTrigger, deltaDataInterval, events, assets, null,
        once,
        continuous

    /// The class of a path: Airflow's, its Task SDK's, or the bare class name.
    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.names.contains(name) }) else { return nil }
        self = found
    }

    /// The class that an unknown path most likely means: the same class elsewhere, or one of nearly the same name.
    static func nearest(to name: String) -> TimetableClass? {
        let className = name.split(separator: ".").last.map(String.init) ?? name
        if let same = allCases.first(where: { $0.className.lowercased() == className.lowercased() }) { return same }
        let near = NearestName.of(className, among: allCases.map(\.className))
        return allCases.first { $0.className == near }
    }

    /// Everything a document may call it.
    package var names: [String] {
        [path, className, "airflow.sdk.\(className)", "airflow.sdk.definitions.\(path.dropFirst("airflow.".count))"]
    }

    var path: String {
        switch self {
        case .cronTrigger, .multipleCronTrigger, .deltaTrigger: "airflow.timetables.trigger.\(className)"
        case .cronDataInterval, .deltaDataInterval: "airflow.timetables.interval.\(className)"
        case .events: "airflow.timetables.events.\(className)"
        case .null, .once, .continuous: "airflow.timetables.simple.\(className)"
        case .assets: "cryptoflow.timetables.\(className)"
        }
    }

    package var className: String {
        switch self {
        case .cronTrigger: "CronTriggerTimetable"
        case .multipleCronTrigger: "MultipleCronTriggerTimetable"
        case .cronDataInterval: "CronDataIntervalTimetable"
        case .deltaTrigger: "DeltaTriggerTimetable"
        case .deltaDataInterval: "DeltaDataIntervalTimetable"
        case .events: "EventsTimetable"
        case .assets: "AssetTriggered"
        case .null: "NullTimetable"
        case .once: "OnceTimetable"
        case .continuous: "ContinuousTimetable"
        }
    }

    package var arguments: [String] {
        switch self {
        case .cronTrigger: ["cron", "timezone", "interval", "run_immediately"]
        case .multipleCronTrigger: ["crons", "timezone", "interval", "run_immediately"]
        case .cronDataInterval: ["cron", "timezone"]
        case .deltaTrigger: ["delta", "interval"]
        case .deltaDataInterval: ["delta"]
        case .events: ["event_dates", "restrict_to_events", "presorted", "description"]
        case .assets: ["all", "any", "cron", "timezone"]
        case .null, .once, .continuous: []
        }
    }

    package var required: [String] {
        switch self {
        case .cronTrigger, .cronDataInterval: ["cron"]
        case .multipleCronTrigger: ["crons"]
        case .deltaTrigger, .deltaDataInterval: ["delta"]
        case .events: ["event_dates"]
        default: []
        }
    }
}
