import CivilTime
import FoundationEssentials

/// A first fill that always has the same outcome: the recorded exchange's clock stands still.
enum FirstFill {
    /// Where the clock stands.
    static let present = "2026-11-20T12:00:00Z"
    /// The hours that a first fill fetches: 1,000 of warm-up and 14 days.
    static let hours = 1_336

    /// Starts a first fill in the home of a test, or goes on with one.
    static func start(_ scratch: Scratch) throws -> Program {
        try scratch.standalone("--feed", "recorded", "--recorded-now", present)
    }

    /// Waits until the fill is done and nothing is left to do.
    static func finish(_ program: Program, _ scratch: Scratch) async throws -> Database {
        try await program.line(containing: "scheduler  leading")
        let database = try await scratch.database()
        if try await !isRemembered(scratch) { try await program.line(containing: "first fill  done") }
        try await database.wait(Rules.isIdle)
        return database
    }

    /// Whether an earlier start has finished the fill.
    private static func isRemembered(_ scratch: Scratch) async throws -> Bool {
        scratch.read("home/state.json").contains("\"isFilled\" : true")
    }

    /// The candles of the recording that a first fill should bring, as `market time close`, read from its files.
    static func recordedCandles(_ scratch: Scratch) throws -> Set<String> {
        guard let end = Timestamp(iso8601: present) else { return [] }
        let weeks = scratch.read("home/state.json").split(separator: "\n").first { $0.contains("shiftWeeks") }
            .flatMap { Int64($0.filter(\.isNumber)) }
        guard let weeks else { throw Program.Failure(description: "the home does not tell the recording's shift") }
        let start = end - .seconds(hours * 3_600)
        var candles: Set<String> = []
        for market in ["KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-SOL", "KRW-DOGE"] {
            let file = URL(filePath: "\(Installed.checkout)/Resources/recorded/\(market)_60m.csv")
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst() {
                let fields = line.split(separator: ",")
                guard fields.count == 6, let recorded = Timestamp(iso8601: String(fields[0])) else { continue }
                let time = recorded + .seconds(weeks * 7 * 86_400)
                guard time >= start, time < end else { continue }
                candles.insert("\(market) \(time.iso8601) \(trimmed(fields[4]))")
            }
        }
        return candles
    }

    /// The candles of a database, in the same form.
    static let candlesSQL = """
        SELECT market || ' ' || to_char(open_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' '
            || trim_scale(close) FROM silver_candle WHERE unit = 60
        """

    /// Checksum of every value of Silver, but not of where it came from.
    static let silverChecksum = """
        SELECT md5(string_agg(concat_ws(' ', market, open_time, trim_scale(open), trim_scale(high), trim_scale(low),
            trim_scale(close), trim_scale(volume), trim_scale(value)), ';' ORDER BY market, open_time))
        FROM silver_candle WHERE unit = 60
        """

    private static func trimmed(_ number: Substring) -> Substring {
        guard number.contains(".") else { return number }
        var number = number
        while number.hasSuffix("0") { number.removeLast() }
        if number.hasSuffix(".") { number.removeLast() }
        return number
    }
}

/// Gold's checksums after a first fill that nothing disturbed: made once for all tests that compare with it.
actor UndisturbedFill {
    static let shared = UndisturbedFill()

    /// Gold in full, and its part before an hour.
    struct Checksums: Sendable {
        let gold: String
        /// Until twelve hours after the warm-up.
        let halfDay: String
    }

    private var known: Checksums?

    /// Takes the checksums of a database that a fill has just made.
    func take(from database: Database) async throws {
        known = Checksums(
            gold: try await database.value("SELECT gold_checksum()"),
            halfDay: try await database.value("SELECT gold_checksum('-infinity', '\(FirstFill.halfDayEnd)')"))
    }

    func checksums() async throws -> Checksums {
        if let known { return known }
        try await Scratch.with { scratch in
            let program = try FirstFill.start(scratch)
            try await self.take(from: try await FirstFill.finish(program, scratch))
        }
        return try known ?? { throw Program.Failure(description: "the undisturbed fill left no checksum") }()
    }
}

extension FirstFill {
    /// The first hour of the 14 days, which ends the warm-up.
    static let backfillStart = "2026-11-06T12:00:00Z"
    static let historyStart = "2026-09-25T20:00:00Z"
    static let halfDayEnd = "2026-11-07T00:00:00Z"
}
