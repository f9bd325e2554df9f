import ArgumentParser
import CivilTime
import DAGModel
import LogFiles
import Logging

/// `cryptoflow logs`.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Search the programs' own logs: server.log and collector.log.",
        discussion: """
            Rotated files are searched too. The newest records are shown, the oldest of them first; with --output json \
            or yaml they are a list. The logs of tasks are shown by: cryptoflow task logs.

            Examples:
              cryptoflow logs --level warning
              cryptoflow logs --file collector --exchange upbit --since 1h
              cryptoflow logs --grep refused --since 2026-11-20 --until 2026-11-21
              cryptoflow logs --follow
            """)

    @Option(help: ArgumentHelp("Which log.", valueName: "log"))
    var file = LogFile.server

    @Option(
        help: ArgumentHelp(
            "Records from this time on: 2026-11-20T12:00:00Z, or 15m for the last 15 minutes.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Records before this time, written the same ways.", valueName: "time"))
    var until: String?

    @Option(
        help: ArgumentHelp(
            "Records of this level and above: trace, debug, info, notice, warning, error, critical.", valueName: "level"
        ),
        transform: LogsCommand.level)
    var level: Logger.Level?

    @Option(help: ArgumentHelp("Records about this exchange.", valueName: "name"))
    var exchange: String?

    @Option(help: ArgumentHelp("Records that contain this text, in any case.", valueName: "text"))
    var grep: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("At most so many records.", valueName: "n"))
    var count = 100

    @Flag(name: .shortAndLong, help: "Go on with what is written, until Ctrl-C.")
    var follow = false

    @Option(
        help: ArgumentHelp("Home folder with the logs (default: $CRYPTOFLOW_HOME, else .cryptoflow).", valueName: "dir")
    )
    var home: String?

    @OptionGroup var options: OutputOptions

    private static func level(_ text: String) throws -> Logger.Level {
        if let level = Logger.Level(token: text) { return level }
        let names = Logger.Level.allCases.map(\.rawValue)
        let near = NearestName.of(text, among: names).map { "; did you mean \($0)?" } ?? ""
        throw ValidationError("\"\(text)\" is no level: there are \(names.joined(separator: ", "))\(near)")
    }

    func validate() throws {
        guard (1...LogQuery.mostRecords).contains(count) else {
            throw ValidationError("--count is between 1 and \(LogQuery.mostRecords), not \(count)")
        }
        if follow, options.output != .table { throw ValidationError("--follow writes plain text: leave --output away") }
        if follow, until != nil { throw ValidationError("--follow has no end: leave --until away") }
        let now = CommandEnvironment.current.now()
        _ = try query(now: now)
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let folder = try folder(environment)
        var query = try query(now: environment.now())
        var follower = follow ? LogFollower(folder: folder, query: query) : nil
        // What is written from here on is the follower's, so that nothing is shown twice.
        query.before = follower?.place
        try await show(&query, LogSearch(folder: folder), environment.console)
        guard follower != nil else { return }
        while true {
            try Task.checkCancellation()
            for record in follower?.news() ?? [] {
                try environment.console.output(text(record, environment.console.isColourful))
            }
            try await Task.sleep(for: environment.pace)
        }
    }

    private func folder(_ environment: CommandEnvironment) throws -> String {
        let folder = environment.home(home) + "/logs"
        guard LogSearch(folder: folder).exists else {
            throw CommandFailure(
                "there are no logs in \(folder)", nextStep: "Name the home folder that holds them with --home.")
        }
        return folder
    }

    private func query(now: Timestamp) throws -> LogQuery {
        LogQuery(
            file: file, since: try since.map { try Self.instant($0, now) },
            until: try until.map { try Self.instant($0, now) },
            level: level, exchange: exchange, text: grep, limit: count)
    }

    /// A time, or a duration before now.
    private static func instant(_ text: String, _ now: Timestamp) throws -> Timestamp {
        if let instant = Timestamp(iso8601: text) { return instant }
        if let duration = try? Duration(parsing: text), duration >= .zero { return now - duration }
        throw ValidationError(
            "\"\(text)\" is not a time; write 2026-11-20, 2026-11-20T12:00:00Z, or 15m for 15 minutes ago")
    }

    /// Searches on until enough is found or nothing is left, however many bounded pages that takes.
    private func show(_ query: inout LogQuery, _ search: LogSearch, _ console: Console) async throws {
        var found: [LogRecord] = []
        while true {
            let page = await search.page(query)
            found += page.records
            guard page.isCutShort, let next = page.next, found.count < count, !Task.isCancelled else { break }
            query.before = next
            query.limit = count - found.count
        }
        try options.write(.array(found.reversed().map(json))) { isColourful in
            found.reversed().map { text($0, isColourful) }.joined(separator: "\n")
        }
        if found.isEmpty, options.output == .table, !follow {
            try console.error("note: nothing found in \(file.rawValue).log")
        }
    }

    private func json(_ record: LogRecord) -> JSONValue {
        [
            "time": .string(options.shapes.text(record.time)), "level": .string(record.level.rawValue),
            "label": .string(record.label), "message": .string(record.message),
            "metadata": .object(record.metadata.mapValues { .string($0) }),
        ]
    }

    /// One line: nothing a record holds breaks it or steers the terminal.
    private func text(_ record: LogRecord, _ isColourful: Bool) -> String {
        let fields = record.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let level = record.level.rawValue.uppercased()
        let tone: Tone =
            switch record.level {
            case .critical, .error: .bad
            case .warning: .warning
            case .trace, .debug: .quiet
            case .info, .notice: .plain
            }
        let padded = level + String(repeating: " ", count: max(0, 8 - level.count))
        return [
            Tone.quiet.paint(options.shapes.text(record.time), isColourful), tone.paint(padded, isColourful),
            DisplayText.oneLine(record.label + ": " + record.message),
            Tone.quiet.paint(DisplayText.oneLine(fields.joined(separator: " ")), isColourful),
        ].filter { !$0.isEmpty }.joined(separator: "  ")
    }
}

extension LogFile: ExpressibleByArgument {}
