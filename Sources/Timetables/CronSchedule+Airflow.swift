import CivilTime

/// Airflow's arithmetic of run times, `airflow/timetables/_cron.py` of 3.3, step by step.
///
/// It asks croniter for the next time on the clock's face, without a zone. If the hour field is `*` it adds the
/// difference to the instant it came from; otherwise it attaches the zone with `fold=1`: the second pass of a repeated
/// time, and a skipped time moved by the gap's length.
extension CronSchedule {
    func airflowNext(after instant: Timestamp) -> Timestamp? {
        let offset = Int64(zone.offset(at: instant))
        guard let local = matcher.next(atOrAfter: instant.seconds + offset + 1) else { return nil }
        return expression.isEveryHour ? Timestamp(seconds: local - offset) : attachingZone(local)
    }

    /// As Airflow's, but looked for again until it is strictly before: Airflow's own may lie after the instant asked
    /// from, in the first pass of a repeated hour.
    func airflowPrevious(before instant: Timestamp) -> Timestamp? {
        let offset = Int64(zone.offset(at: instant))
        let last = instant.microsecondOfSecond == 0 ? instant.seconds - 1 : instant.seconds
        var wanted = last + offset
        while let local = matcher.previous(atOrBefore: wanted) {
            let fire = expression.isEveryHour ? Timestamp(seconds: local - offset) : attachingZone(local)
            if fire < instant { return fire }
            wanted = local - 1
        }
        return nil
    }

    func airflowFires(at instant: Timestamp) -> Bool {
        let second = instant.seconds
        let period = zone.period(at: second)
        let local = second + period.offset
        if matcher.next(atOrAfter: local) == local {
            return expression.isEveryHour || attachingZone(local) == instant
        }
        let skipped = second + period.previousOffset
        return !expression.isEveryHour && matcher.next(atOrAfter: skipped) == skipped
            && attachingZone(skipped) == instant
    }

    /// Python's reading of a local time with `fold=1`.
    private func attachingZone(_ local: Int64) -> Timestamp {
        let civil = CivilDateTime(secondsAsUTC: local)
        return zone.instants(of: civil).last ?? zone.instant(of: civil)
    }
}
