package import CivilTime

/// A cron expression in a time zone: instants.
///
/// Unless the policy is Airflow's, the schedule is a fixed set of instants, and every question is answered from that
/// set: asking from any instant gives the same run times.
package struct CronSchedule: Sendable, Hashable {
    /// What is written in the five fields.
    package let expression: CronExpression
    /// Whose clock the fields are read on.
    package let zone: TimeZoneRules
    /// What happens when that clock is changed.
    package let policy: DSTPolicy
    let matcher: CronMatcher
    private let gap: DSTPolicy.Gap
    private let overlap: DSTPolicy.Overlap

    /// A schedule from its parts.
    package init(_ expression: CronExpression, zone: TimeZoneRules = .utc, policy: DSTPolicy = .debian) {
        self.expression = expression
        self.zone = zone
        self.policy = policy
        matcher = CronMatcher(expression, dayRule: policy.followsAirflow ? .croniter : .debian)
        gap = expression.followsClock ? .skip : policy.gap
        overlap = expression.followsClock ? .both : policy.overlap
    }

    /// A schedule from an expression's text.
    ///
    /// Throws `CronError`.
    package init(
        parsing text: String, zone: TimeZoneRules = .utc, policy: DSTPolicy = .debian
    ) throws(CronError) {
        self.init(try CronExpression(parsing: text), zone: zone, policy: policy)
    }

    /// Whether there is no such day in any year (31 April).
    package var neverFires: Bool { matcher.neverMatches }

    /// The first instant strictly after another; nil when the expression never fires, or not before the year 10000.
    package func nextFire(after instant: Timestamp) -> Timestamp? {
        if policy.followsAirflow { return airflowNext(after: instant) }
        let second = instant.seconds + 1
        var from = second
        var period = zone.period(at: from)
        while true {
            var lower = from
            if overlap == .first, period.previousOffset > period.offset, period.start > .min {
                lower = max(lower, period.start + period.previousOffset - period.offset)
            }
            var upper = period.end
            if overlap == .last, period.nextOffset < period.offset { upper -= period.offset - period.nextOffset }
            guard let local = matcher.next(atOrAfter: lower + period.offset) else { return gapFire(period, from: from) }
            let fire = local - period.offset
            let shifted = gapFire(period, from: from)
            if fire < upper {
                return shifted.map { min($0, Timestamp(seconds: fire)) } ?? Timestamp(seconds: fire)
            }
            if let shifted { return shifted }
            // No match lies between here and `local`, so years without one are skipped, except where the change is so
            // near that times already passed come again.
            from = period.end - lower > 2 * 86_400 ? max(period.end, fire - 2 * 86_400) : period.end
            period = zone.period(at: from)
        }
    }

    /// The last instant strictly before another; nil when the expression never fires, or not since the year 1.
    package func previousFire(before instant: Timestamp) -> Timestamp? {
        if policy.followsAirflow { return airflowPrevious(before: instant) }
        var through = instant.microsecondOfSecond == 0 ? instant.seconds - 1 : instant.seconds
        var period = zone.period(at: through)
        while true {
            var lower = period.start
            if overlap == .first, period.previousOffset > period.offset, period.start > .min {
                lower += period.previousOffset - period.offset
            }
            var upper = through
            if overlap == .last, period.nextOffset < period.offset {
                upper = min(upper, period.end - 1 - (period.offset - period.nextOffset))
            }
            let local = matcher.previous(atOrBefore: upper + period.offset)
            let fire = local.map { $0 - period.offset }
            let shifted = gapFire(period, through: through)
            if let fire, fire >= lower {
                return shifted.map { max($0, Timestamp(seconds: fire)) } ?? Timestamp(seconds: fire)
            }
            if let shifted { return shifted }
            guard let fire, period.start > .min else { return nil }
            through =
                upper - period.start > 2 * 86_400 ? min(period.start - 1, fire + 2 * 86_400) : period.start - 1
            period = zone.period(at: through)
        }
    }

    /// Whether an instant is one of the schedule's.
    package func fires(at instant: Timestamp) -> Bool {
        guard instant.microsecondOfSecond == 0 else { return false }
        if policy.followsAirflow { return airflowFires(at: instant) }
        return nextFire(after: Timestamp(microseconds: instant.microseconds - 1)) == instant
    }

    /// The first of the schedule's instants at or after another.
    package func nextFire(atOrAfter instant: Timestamp) -> Timestamp? {
        fires(at: instant) ? instant : nextFire(after: instant)
    }

    /// The last of the schedule's instants at or before another.
    package func previousFire(atOrBefore instant: Timestamp) -> Timestamp? {
        fires(at: instant) ? instant : previousFire(before: instant)
    }

    /// The run that stands for times skipped at a period's beginning, at or after a second.
    private func gapFire(_ period: ZonePeriod, from: Int64) -> Timestamp? {
        guard gap != .skip, period.previousOffset < period.offset else { return nil }
        let start = period.start
        let length = period.offset - period.previousOffset
        switch gap {
        case .skip: return nil
        case .runAfter:
            guard from <= start, let local = matcher.next(atOrAfter: start + period.previousOffset),
                local < start + period.offset
            else { return nil }
            return Timestamp(seconds: start)
        case .shift:
            guard from < start + length,
                let local = matcher.next(atOrAfter: max(from, start) + period.previousOffset),
                local < start + period.offset
            else { return nil }
            return Timestamp(seconds: local - period.previousOffset)
        }
    }

    /// The same, at or before a second.
    private func gapFire(_ period: ZonePeriod, through: Int64) -> Timestamp? {
        guard gap != .skip, period.previousOffset < period.offset, through >= period.start else { return nil }
        let start = period.start
        if gap == .runAfter { return gapFire(period, from: start) }
        let last = min(through, start + period.offset - period.previousOffset - 1)
        guard let local = matcher.previous(atOrBefore: last + period.previousOffset),
            local >= start + period.previousOffset
        else { return nil }
        return Timestamp(seconds: local - period.previousOffset)
    }

    package static func == (left: CronSchedule, right: CronSchedule) -> Bool {
        left.expression == right.expression && left.zone == right.zone && left.policy == right.policy
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(expression)
        hasher.combine(zone)
        hasher.combine(policy)
    }
}

extension CronSchedule: Codable, CustomStringConvertible {
    private enum Key: String, CodingKey { case cron, timezone, dst }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            try container.decode(CronExpression.self, forKey: .cron),
            zone: try container.decodeIfPresent(TimeZoneRules.self, forKey: .timezone) ?? .utc,
            policy: try container.decodeIfPresent(DSTPolicy.self, forKey: .dst) ?? .debian)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(expression, forKey: .cron)
        try container.encode(zone, forKey: .timezone)
        try container.encode(policy, forKey: .dst)
    }

    /// `0 * * * * (Asia/Seoul)`.
    package var description: String { "\(expression.text) (\(zone.identifier))" }
}
