package import CivilTime

/// A parsed cron expression: five fields, optionally a sixth for seconds, or a preset.
///
/// **Fields** are minute, hour, day-of-month, month, day-of-week and, last as in croniter and Airflow, second. A field is
/// a list of `*`, `a`, `a-b`, each with `/n` if wanted. `a/n` runs from a to the field's end, Saturday in day-of-week (as
/// in croniter; in cronsim to the Sunday after it). Steps count from the first value; a step beyond the field's size leaves
/// the first value alone. Names are three letters in any case, numbers may have leading zeros, blanks and tabs separate
/// fields. 0 and 7 are Sunday.
///
/// **Days.** `L` in day-of-month is the month's last day. `n#k` or `NAME#k` in day-of-week is the k-th such weekday of a
/// month (1 to 5; months without a fifth are skipped). The last such weekday is `L5` (croniter's and Airflow's form) or
/// `5L` (Quartz's and cronsim's): neither can mean anything else.
///
/// **Where the peers differ**, this is what we chose:
/// - `?` in day-of-month or day-of-week, alone in the field, is `*` (croniter, Airflow, Quartz).
/// - A reversed range wraps around (`22-2`, `FRI-MON`, `DEC-FEB`), as croniter, Airflow and Cronos do, so that every
///   DAG that loads in Airflow loads here. A range with equal ends is that one value (cron(8), cronsim).
/// - Both day fields restricted: either suffices. When one of them begins with a star, `*/10` included, both must match,
///   as in Vixie's and Debian's cron; under `DSTPolicy.airflow` either suffices unless one has a plain `*`, and beside
///   `n#k` or `L5` the day of month does not count, as in croniter. `mixesStarStepWithDay` tells a loader to warn.
/// - `@quarterly` is Airflow's `0 0 1 */3 *`. Presets are read in any case.
/// - Not supported, and refused with a message: `@reboot`, `@every`, `H`, `~`, `W`, `L-3`, full names, a year field, and
///   `CRON_TZ=`.
package struct CronExpression: Sendable, CustomStringConvertible {
    /// The text as written, without surrounding blanks.
    package let text: String
    /// Whether the expression has a seconds field.
    package let hasSeconds: Bool
    /// The days of month and weekdays, before they are combined.
    let days: DayFields
    let months: UInt64
    let times: TimeFields
    /// Whether the minute or hour field begins with a star: such a schedule follows the clock through a change of
    /// offset instead of being one job a day (cron(8), Debian).
    let followsClock: Bool
    /// Whether croniter reduces the hour field to a star, which is Airflow's question before it computes a time: every
    /// hour is listed, and no star stands among other items.
    let isEveryHour: Bool

    /// The day fields as bit masks.
    struct DayFields: Sendable, Hashable {
        /// Bits 1 to 31.
        var ofMonth: UInt64
        /// `L`.
        var lastOfMonth: Bool
        /// Bits 0 to 6, Sunday first.
        var ofWeek: UInt64
        /// Bit `weekday * 8 + k` for the k-th such weekday of the month; k 0 is the last one.
        var nthOfWeek: UInt64
        /// The field begins with a star or is `?`.
        var monthStar, weekStar: Bool
        /// The field is exactly `*` or `?`.
        var monthPlain, weekPlain: Bool
        /// The field counts as unrestricted for croniter: a star among its items, or every value while the other field
        /// has a star somewhere.
        var monthOpen, weekOpen: Bool
    }

    /// The time-of-day fields as bit masks.
    struct TimeFields: Sendable, Hashable {
        var hours, minutes, seconds: UInt64
    }

    /// Reads an expression.
    ///
    /// Throws `CronError`, which names the field, the place and what would be right.
    package init(parsing text: String) throws(CronError) {
        var parser = CronParser(text)
        self = try parser.parse()
    }

    init(
        text: String, hasSeconds: Bool, days: DayFields, months: UInt64, times: TimeFields, followsClock: Bool,
        isEveryHour: Bool
    ) {
        self.text = text
        self.hasSeconds = hasSeconds
        self.days = days
        self.months = months
        self.times = times
        self.followsClock = followsClock
        self.isEveryHour = isEveryHour
    }

    package var description: String { text }

    /// Whether no day can ever match (31 April); such an expression is valid, and a loader should say so.
    package var neverFires: Bool { CronMatcher(self, dayRule: .debian).neverMatches }

    /// Whether a day field begins with a star, like `*/10`, while the other is restricted: Debian's cron wants both to
    /// match, Airflow either.
    ///
    /// Worth a warning.
    package var mixesStarStepWithDay: Bool {
        let starred = (days.monthStar && !days.monthPlain) || (days.weekStar && !days.weekPlain)
        return starred && !days.monthPlain && !days.weekPlain
    }

    /// Whether a date and time on a clock matches, by the rule of Debian's cron for the days.
    package func matches(_ local: CivilDateTime) -> Bool {
        CronMatcher(self, dayRule: .debian).next(atOrAfter: local.secondsAsUTC) == local.secondsAsUTC
    }
}

extension CronExpression: Hashable {
    package static func == (left: CronExpression, right: CronExpression) -> Bool {
        left.text == right.text
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }
}

extension CronExpression: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
