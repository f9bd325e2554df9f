package import CivilTime

/// A list of run times known in advance: Airflow's `EventsTimetable`.
package struct EventDates: Sendable, Hashable, Codable {
    /// The run times in order, each once.
    package let dates: [Timestamp]
    /// Whether a manual run takes the latest past event (the first one before all of them) as its interval instead of
    /// its own time.
    package let restrictsToEvents: Bool
    /// What the events are, for people; empty for "N events".
    package let label: String

    /// Events in any order; repeats are dropped.
    package init(_ dates: [Timestamp], restrictsToEvents: Bool = false, label: String = "") {
        self.dates = Set(dates).sorted()
        self.restrictsToEvents = restrictsToEvents
        self.label = label
    }

    /// The index of the first event after an instant.
    private func index(after instant: Timestamp) -> Int {
        var low = 0
        var high = dates.count
        while low < high {
            let middle = (low + high) / 2
            if dates[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func next(after instant: Timestamp) -> Timestamp? {
        let index = index(after: instant)
        return index < dates.count ? dates[index] : nil
    }

    func latest(atOrBefore instant: Timestamp) -> Timestamp? {
        let index = index(after: instant)
        return index > 0 ? dates[index - 1] : nil
    }

    private enum Key: String, CodingKey {
        case dates
        case restrictsToEvents = "restrict_to_events"
        case label
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            try container.decode([Timestamp].self, forKey: .dates),
            restrictsToEvents: try container.decodeIfPresent(Bool.self, forKey: .restrictsToEvents) ?? false,
            label: try container.decodeIfPresent(String.self, forKey: .label) ?? "")
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(dates, forKey: .dates)
        if restrictsToEvents { try container.encode(true, forKey: .restrictsToEvents) }
        if !label.isEmpty { try container.encode(label, forKey: .label) }
    }
}
