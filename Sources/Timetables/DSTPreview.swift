package import CivilTime

/// What one change of the clocks does to a schedule.
package struct DSTPreview: Sendable, Hashable {
    /// The change.
    package let transition: ZoneTransition
    /// The schedule's times on the clock's face that are missing or repeated, the first ones; empty when the change does
    /// not touch the schedule.
    package let localTimes: [CivilDateTime]
    /// The runs from as long before the change as it is large until as long after it, the first ones.
    package let runs: [Timestamp]
    /// One sentence for people.
    package let text: String
}

extension CronSchedule {
    /// The most times a preview lists.
    private static let previewSize = 8

    /// What the next changes of the zone's clocks do to the schedule; empty in a zone without changes.
    package func dstPreview(after instant: Timestamp, count: Int = 2) -> [DSTPreview] {
        var previews: [DSTPreview] = []
        var cursor = instant
        while previews.count < count, let transition = zone.nextTransition(after: cursor) {
            previews.append(preview(of: transition))
            cursor = transition.instant
        }
        return previews
    }

    private func preview(of transition: ZoneTransition) -> DSTPreview {
        let end = transition.localEnd.secondsAsUTC
        var localTimes: [CivilDateTime] = []
        var cursor = transition.localStart.secondsAsUTC
        while localTimes.count < Self.previewSize, let local = matcher.next(atOrAfter: cursor), local < end {
            localTimes.append(CivilDateTime(secondsAsUTC: local))
            cursor = local + 1
        }
        let size = Duration.seconds(abs(transition.offsetAfter - transition.offsetBefore))
        var runs: [Timestamp] = []
        var from = transition.instant - size - .microseconds(1)
        while runs.count < 2 * Self.previewSize, let run = nextFire(after: from), run < transition.instant + size {
            runs.append(run)
            from = run
        }
        return DSTPreview(
            transition: transition, localTimes: localTimes, runs: runs, text: sentence(transition, localTimes, runs))
    }

    private func sentence(_ transition: ZoneTransition, _ localTimes: [CivilDateTime], _ runs: [Timestamp]) -> String {
        let before = CivilDateTime(secondsAsUTC: transition.instant.seconds + Int64(transition.offsetBefore))
        let after = CivilDateTime(secondsAsUTC: transition.instant.seconds + Int64(transition.offsetAfter))
        let date = TimeFormat.strftime(before.asUTC, "%Y-%m-%d")
        let move = "\(date): clocks in \(zone.identifier) go from \(time(before)) to \(time(after)); "
        guard !localTimes.isEmpty else { return move + "no run is affected" }
        let more = localTimes.count == Self.previewSize ? " …" : ""
        let times = localTimes.map(time).joined(separator: ", ") + more
        let what = transition.isGap ? "\(times) does not exist" : "\(times) comes twice"
        guard !runs.isEmpty else { return move + "\(what), no run" }
        let shown = runs.prefix(Self.previewSize).map {
            "\(time(zone.local(at: $0))) \(zone.abbreviation(at: $0))"
        }
        return move + "\(what), runs around it: " + shown.joined(separator: ", ")
            + (runs.count > shown.count ? " …" : "")
    }

    private func time(_ local: CivilDateTime) -> String {
        TimeFormat.strftime(local.asUTC, local.second == 0 ? "%H:%M" : "%H:%M:%S")
    }
}

extension Timetable {
    /// What the next changes of the clocks do to each of its cron schedules, in order of time.
    package func dstPreview(after instant: Timestamp, count: Int = 2) -> [DSTPreview] {
        cronSchedules.flatMap { $0.dstPreview(after: instant, count: count) }
            .sorted { $0.transition.instant < $1.transition.instant }
    }
}
