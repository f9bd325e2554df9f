import CivilTime

/// A date and time in a zone, or without one (Python's naive datetime).
struct DateValue: Sendable {
    /// What the clock in the zone shows.
    let civil: CivilDateTime
    /// Nil for a naive date, which counts as UTC where an instant is needed.
    let zone: TimeZoneRules?
    let instant: Timestamp
    /// False for a date alone (Python's `date`).
    let hasTime: Bool
    /// False for one of Python's own, as `macros.datetime` makes them: pendulum's print differently, and differ by an
    /// interval.
    let isPendulum: Bool

    /// A clock reading; one that the zone skips or repeats is taken as `TimeZoneRules.instant(of:)` does.
    init(civil: CivilDateTime, zone: TimeZoneRules?, hasTime: Bool = true, isPendulum: Bool = false) {
        self.civil = civil
        self.zone = zone
        self.hasTime = hasTime
        self.isPendulum = isPendulum
        instant = zone?.instant(of: civil) ?? civil.asUTC
    }

    /// The same of a reading that a template calculated: its year must be one that Python's dates have.
    init(inRange civil: CivilDateTime, zone: TimeZoneRules?, hasTime: Bool = true, isPendulum: Bool = false)
        throws(Failure)
    {
        guard Self.years.contains(civil.year) else { throw Self.outOfRange }
        self.init(civil: civil, zone: zone, hasTime: hasTime, isPendulum: isPendulum)
    }

    /// An instant as the zone shows it; Airflow's context has them in UTC.
    init(_ instant: Timestamp, zone: TimeZoneRules = .utc, isPendulum: Bool = true) {
        self.instant = instant
        self.zone = zone
        self.isPendulum = isPendulum
        civil = zone.local(at: instant)
        hasTime = true
    }

    /// Python's `MINYEAR` to `MAXYEAR`.
    private static let years = 1...9999
    static let outOfRange = Failure("the date is out of range: years go from 1 to 9999")

    /// The date, when its year is one that Python's dates have.
    private var inRange: DateValue {
        get throws(Failure) {
            guard Self.years.contains(civil.year) else { throw Self.outOfRange }
            return self
        }
    }

    /// Seconds east of UTC; nil for a naive date.
    var offsetSeconds: Int? { zone?.offset(at: instant) }

    /// The same clock as another library's date, or in another zone.
    func relabelled(zone: TimeZoneRules?, hasTime: Bool? = nil) -> DateValue {
        DateValue(civil: civil, zone: zone, hasTime: hasTime ?? self.hasTime, isPendulum: isPendulum)
    }

    /// The same zone, moved by elapsed time.
    func adding(microseconds: Int64) throws(Failure) -> DateValue {
        let (sum, overflow) = instant.microseconds.addingReportingOverflow(microseconds)
        // A day on either side for the zones' offsets.
        let margin: Duration = .seconds(86_400)
        guard !overflow, sum > (Timestamp.distantPast - margin).microseconds,
            sum < (Timestamp.distantFuture + margin).microseconds
        else { throw Self.outOfRange }
        let moved = Timestamp(microseconds: sum)
        guard let zone else {
            let civil = CivilDateTime(asUTC: moved)
            return try DateValue(
                inRange: hasTime ? civil : civil.startOfDay, zone: nil, hasTime: hasTime, isPendulum: isPendulum)
        }
        return try DateValue(moved, zone: zone, isPendulum: isPendulum).inRange
    }

    /// The same time of day, whole days later.
    func adding(days: Int64) throws(Failure) -> DateValue {
        guard days.magnitude < 4_000_000 else { throw Self.outOfRange }
        return try DateValue(
            inRange: civil.adding(days: Int(days)), zone: zone, hasTime: hasTime, isPendulum: isPendulum)
    }

    /// The same instant on the clock of another zone.
    func shown(in zone: TimeZoneRules) throws(Failure) -> DateValue {
        try DateValue(instant, zone: zone, isPendulum: isPendulum).inRange
    }

    /// Python's `==`: a date with a zone never equals one without, nor a day a time.
    func equals(_ other: DateValue) -> Bool {
        hasTime == other.hasTime && (zone == nil) == (other.zone == nil) && instant == other.instant
    }

    /// Python's `<`.
    func precedes(_ other: DateValue) throws(Failure) -> Bool {
        try checkComparable(with: other)
        return instant < other.instant
    }

    /// Throws for a day and a time, and for a date with a zone and one without: Python has no order for them.
    func checkComparable(with other: DateValue) throws(Failure) {
        guard hasTime == other.hasTime else { throw Failure("a date alone and a date with a time have no order") }
        guard (zone == nil) == (other.zone == nil) else {
            throw Failure(
                "a date with a time zone and one without cannot be compared",
                hint: "macros.datetime(…) has no zone; use fromisoformat with an offset, or .naive() of the other")
        }
    }

    /// Python's `-`: pendulum's dates differ by an interval, Python's own by a timedelta.
    static func - (left: DateValue, right: DateValue) throws(Failure) -> Span {
        try left.checkComparable(with: right)
        let span = (left.instant - right.instant).wholeMicroseconds
        let isInterval = left.hasTime ? left.isPendulum || right.isPendulum : left.isPendulum
        return Span(microseconds: span, form: isInterval ? .interval(from: right, to: left) : .timedelta)
    }
}
