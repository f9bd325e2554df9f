package import CivilTime

/// The recorded exchange's present.
///
/// Recorded hours are sent out moved by a whole number of weeks, so that they look like the recent past and the near
/// future while hours of the day and days of the week stay what they were.
///
/// "Served" times are recorded times plus the shift; they are what clients see. The present is always a served time.
package struct RecordedClock: Sendable {
    /// How the present moves.
    package enum Mode: Sendable, Equatable {
        /// With the real clock.
        case running
        /// Not at all: every question is answered as at this served instant, so that repeated runs see the same data.
        case pinned(at: Timestamp)
    }

    package let mode: Mode
    /// Weeks between recorded and served times; negative moves the recording into its own past.
    package let shiftWeeks: Int
    /// What the recording covers, on its own clock.
    package let span: DataInterval
    /// Seconds of the exchange in a real second; 0 when the clock stands still.
    package let speed: Double
    private let realNow: @Sendable () -> Timestamp

    /// Hours of recorded history that a chosen shift leaves behind the present: 1,000 of warm-up and 14 days of first
    /// backfill need 1,336; the rest is for backfills further back.
    package static let hoursBehind: Int64 = 2_400
    /// The weeks that a recording may be shifted by: two centuries either way, in which every served instant has four digits of
    /// a year and no sum overflows.
    package static let shiftLimits = -10_000...10_000
    private static let weekSeconds: Int64 = 7 * 86_400

    /// A clock that moves with the real one, or so many times as fast from now on.
    ///
    /// - Parameters:
    ///   - shiftWeeks: what `chooseShift` gave at the first start; kept, because a later choice would differ.
    ///   - speed: seconds of the exchange in a real second; positive.
    package static func running(
        shiftWeeks: Int, span: DataInterval, speed: Double = 1,
        realNow: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) -> RecordedClock {
        guard speed != 1 else {
            return RecordedClock(mode: .running, shiftWeeks: shiftWeeks, span: span, speed: 1, realNow: realNow)
        }
        let start = realNow()
        return RecordedClock(mode: .running, shiftWeeks: shiftWeeks, span: span, speed: speed) {
            let passed = realNow().microseconds - start.microseconds
            return Timestamp(microseconds: start.microseconds + Int64(Double(passed) * speed))
        }
    }

    /// A clock that stands still at a served instant; the shift follows from that instant unless it is given.
    package static func pinned(at instant: Timestamp, shiftWeeks: Int? = nil, span: DataInterval) -> RecordedClock {
        RecordedClock(
            mode: .pinned(at: instant), shiftWeeks: shiftWeeks ?? chooseShift(realNow: instant, span: span),
            span: span, speed: 0, realNow: { instant })
    }

    private init(
        mode: Mode, shiftWeeks: Int, span: DataInterval, speed: Double, realNow: @escaping @Sendable () -> Timestamp
    ) {
        self.mode = mode
        self.shiftWeeks = shiftWeeks
        self.span = span
        self.speed = speed
        self.realNow = realNow
    }

    /// The shift that leaves at least `hoursBehind` hours of the recording behind `realNow` and as much as possible
    /// ahead of it.
    ///
    /// With `earliest = span.start + 2,400 h` it is `floor((realNow − earliest) / 1 week)`, so the present falls into
    /// the week after `earliest`; it is 0 when `realNow` lies in the recording itself, at or after `earliest`. The
    /// shipped recording (275 days) thereby has at least 168 days, more than five months, ahead of the first start.
    package static func chooseShift(realNow: Timestamp, span: DataInterval) -> Int {
        let earliest = span.start.seconds + hoursBehind * 3600
        let now = realNow.seconds
        if now >= earliest, realNow < span.end { return 0 }
        return Int((now - earliest).flooredQuotient(weekSeconds))
    }

    /// The exchange's present, a served time.
    package func now() -> Timestamp { realNow() }

    /// Seconds to add to a recorded time to get the served one.
    package var shiftSeconds: Int64 { Int64(shiftWeeks) * Self.weekSeconds }

    /// What the recording covers, in served times.
    package var servedSpan: DataInterval {
        DataInterval(
            start: Timestamp(microseconds: span.start.microseconds + shiftSeconds * 1_000_000),
            end: Timestamp(microseconds: span.end.microseconds + shiftSeconds * 1_000_000))
    }

    /// Whether the present is at or after the end of the recording: nothing new comes any more.
    package var isPastEnd: Bool { now() >= servedSpan.end }
}
