/// What a schedule does when clocks are changed.
///
/// A schedule whose minute or hour field begins with a star follows the clock: it has no instant in a missing hour and
/// runs in both passes of a repeated one, whatever the policy (except `airflow`). The policy decides for schedules at
/// fixed times, where a daily job at 02:30 would otherwise be lost or doubled.
package struct DSTPolicy: Sendable, Hashable, CustomStringConvertible {
    /// For a fixed time that the clock skips.
    package enum Gap: String, Sendable, Hashable, Codable, CaseIterable {
        /// Once, at the first instant after the gap: 02:30 runs at 03:00 (cron(8) of Debian).
        case runAfter = "run_after"
        /// As far after the gap's beginning as the time is: 02:30 runs at 03:30 (Airflow, Python's zoneinfo).
        case shift
        /// Not that day (robfig/cron).
        case skip
    }

    /// For a fixed time that the clock shows twice.
    package enum Overlap: String, Sendable, Hashable, Codable, CaseIterable {
        /// The first pass (cron(8) of Debian).
        case first
        /// The second pass (Airflow).
        case last
        /// Both passes (robfig/cron, croniter).
        case both
    }

    package let gap: Gap
    package let overlap: Overlap
    /// Follow Airflow's arithmetic instead of `gap` and `overlap`, oddities included: next times are found on the clock's
    /// face; a schedule in every hour then adds the difference in elapsed time, others take the second pass or
    /// are shifted.
    ///
    /// Times depend on the instant asked from, so a list of them is made by asking from each in turn. It also combines
    /// the day fields as croniter does (see `CronExpression`). What croniter alone reads into a few expressions (`5-5`,
    /// `7/2`, a reversed range with a step, a day beside `L5`) is not copied.
    package let followsAirflow: Bool

    /// Debian's rule: after the gap, first pass.
    ///
    /// The default.
    package static let debian = DSTPolicy(gap: .runAfter, overlap: .first)
    /// Parity with Airflow 3.
    package static let airflow = DSTPolicy(gap: .shift, overlap: .last, followsAirflow: true)

    private init(gap: Gap, overlap: Overlap, followsAirflow: Bool) {
        self.gap = gap
        self.overlap = overlap
        self.followsAirflow = followsAirflow
    }

    /// A policy from its two parts.
    package init(gap: Gap = .runAfter, overlap: Overlap = .first) {
        self.init(gap: gap, overlap: overlap, followsAirflow: false)
    }

    package var description: String {
        followsAirflow ? "airflow" : "gap: \(gap.rawValue), overlap: \(overlap.rawValue)"
    }
}

extension DSTPolicy: Codable {
    private enum Key: String, CodingKey { case gap, overlap }

    /// Reads `"airflow"` or `{"gap": …, "overlap": …}`, each key optional.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.singleValueContainer(), let name = try? container.decode(String.self) {
            guard name == "airflow" else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "dst is \"airflow\" or {gap, overlap}, not \"\(name)\"")
            }
            self = .airflow
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            gap: try container.decodeIfPresent(Gap.self, forKey: .gap) ?? .runAfter,
            overlap: try container.decodeIfPresent(Overlap.self, forKey: .overlap) ?? .first)
    }

    package func encode(to encoder: any Encoder) throws {
        if followsAirflow {
            var container = encoder.singleValueContainer()
            try container.encode("airflow")
        } else {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(gap, forKey: .gap)
            try container.encode(overlap, forKey: .overlap)
        }
    }
}
