import ArgumentParser
import CivilTime
import DAGModel
import Timetables

/// `cryptoflow schedule next EXPR`.
struct ScheduleNext: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Print when a cron expression fires next.",
        discussion: """
            The times are strictly after --after. As JSON they are a list of ISO 8601 texts with the zone's offset. An \
            expression that never fires (31 April) gives an empty list, and standard error says so.

            Examples:
              cryptoflow schedule next '0 9 * * MON-FRI' --timezone Asia/Seoul
              cryptoflow schedule next '30 2 * * *' --timezone Europe/Berlin --count 3
              cryptoflow schedule next @daily --output json

            Exit codes: 0 done; 1 the expression is invalid (the message names the field); 2 wrong command line.
            """)

    @Argument(
        help: "Cron expression with five fields, or six with seconds last, or a preset such as @hourly; in quotes.")
    var expression: String

    @Option(
        help: ArgumentHelp("Zone whose clock the fields are read on (default: UTC).", valueName: "zone"),
        transform: Zones.named)
    var timezone = TimeZoneRules.utc

    @Option(
        help: ArgumentHelp(
            "Times after this one; without an offset it is in --timezone (default: now).", valueName: "time"))
    var after: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("How many times.", valueName: "n"))
    var count = 5

    @Option(
        help: ArgumentHelp(
            """
            What a clock change does to fixed times: debian, airflow, or parts such as gap:shift,overlap:last \
            (gap: run_after, shift, skip; overlap: first, last, both; default: debian).
            """, valueName: "policy"), transform: DSTPolicy.parsing(option:))
    var dst = DSTPolicy.debian

    @Option(name: .shortAndLong, help: ArgumentHelp("How to write the result.", valueName: "format"))
    var output = OutputFormat.table

    private static let mostTimes = 100_000

    func validate() throws {
        guard (1...Self.mostTimes).contains(count) else {
            throw ValidationError("--count is between 1 and \(Self.mostTimes), not \(count)")
        }
        _ = try start()
    }

    func run() throws {
        let schedule: CronSchedule
        do {
            schedule = try CronSchedule(parsing: expression, zone: timezone, policy: dst)
        } catch {
            throw CommandFailure("\(error)")
        }
        var times: [Timestamp] = []
        var cursor = try start()
        while times.count < count, let time = schedule.nextFire(after: cursor) {
            times.append(time)
            cursor = time
        }
        var options = OutputOptions()
        options.output = output
        options.timezone = timezone
        try options.write(.array(times.map { .string($0.iso8601(in: timezone)) })) { isColourful in
            guard !times.isEmpty else { return "" }
            var table = TextTable(.init("TIME"), .init("DAY"), .init("UTC"))
            for time in times {
                table.add(
                    .init(time.iso8601(in: timezone)), .init(TimeFormat.strftime(time, "%a", in: timezone)),
                    .init(time.iso8601, .quiet))
            }
            return table.text(isColourful: isColourful)
        }
        if times.isEmpty {
            let why =
                schedule.neverFires
                ? "never fires: there is no such day" : "does not fire any more before the year 10000"
            try CommandEnvironment.current.console.error("note: \"\(expression)\" \(why)")
        }
    }

    private func start() throws -> Timestamp {
        guard let after else { return CommandEnvironment.current.now() }
        guard let instant = Timestamp(iso8601: after, in: timezone) else { throw Instants.problem(after) }
        return instant
    }
}

extension DSTPolicy {
    /// Reads `debian`, `airflow`, or `gap:…,overlap:…` with either part left out.
    static func parsing(option text: String) throws -> DSTPolicy {
        if text == "airflow" { return .airflow }
        if text == "debian" { return .debian }
        var gap = Gap.runAfter
        var overlap = Overlap.first
        for part in text.split(separator: ",") {
            let sides = part.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == ":" || $0 == "=" }.map(
                String.init)
            if sides.count == 2, sides[0] == "gap", let value = Gap(rawValue: sides[1]) {
                gap = value
            } else if sides.count == 2, sides[0] == "overlap", let value = Overlap(rawValue: sides[1]) {
                overlap = value
            } else {
                throw ValidationError(
                    "\"\(part)\" is no policy; write debian, airflow, or "
                        + "gap:run_after|shift|skip,overlap:first|last|both"
                )
            }
        }
        return DSTPolicy(gap: gap, overlap: overlap)
    }
}
