import ArgumentParser
import CivilTime
import DAGModel

/// `cryptoflow stream status`.
struct StreamStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the collectors of all workers; exits 1 unless one runs and none is ill.",
        discussion: """
            Health is the age of the last good message. A worker that has not written for ten seconds is shown as silent.

            Example:
              cryptoflow stream status --output json
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let now = CommandEnvironment.current.now()
        let collectors = try await database.withDesk { try await $0.collectors() }
        let shapes = options.shapes
        try options.write(.array(collectors.map { shapes.collector($0) })) { isColourful in
            guard !collectors.isEmpty else {
                return "no collector: start `cryptoflow standalone` or cryptoflow-stream"
            }
            var table = TextTable(
                .init("WORKER"), .init("COLLECTOR"), .init("STATE"), .init("MARKETS", .right),
                .init("MESSAGES/S", .right), .init("LAST", .right), .init("LAG", .right), .init("STORED", .right),
                .init("RECONNECTS", .right), .init("GAPS", .right), .init("FILLED", .right), .init("SHED", .right),
                .init("BAD", .right), .init("REASON"))
            for collector in collectors {
                table.add(
                    .init(collector.worker), .init(collector.name), .init(collector.shownState, collector.tone),
                    .init(String(collector.markets.count)), .init(collector.rate.oneDecimal),
                    .init(collector.lastMessageAt.map { Self.age($0, now) } ?? ""),
                    .init(collector.lagSeconds.map { "\($0.oneDecimal) s" } ?? ""), .init(String(collector.stored)),
                    .init(String(collector.reconnects)), .init(String(collector.gaps)),
                    .init(String(collector.filledTrades)), .init(String(collector.shed)),
                    .init(String(collector.malformed)), .init(DisplayText.oneLine(collector.reason)))
            }
            return table.text(isColourful: isColourful)
        }
        let live = collectors.filter { !$0.isSilent && $0.state != "stopped" }
        if live.isEmpty || live.contains(where: { $0.tone == .bad }) { throw ExitCode.failure }
    }

    private static func age(_ instant: Timestamp, _ now: Timestamp) -> String {
        max(.zero, now - instant).wholeSeconds.humanText(units: 1)
    }
}

extension CollectorReading {
    /// The state; of a worker that does not write any more, that.
    fileprivate var shownState: String { isSilent && state != "stopped" ? "silent" : state }

    fileprivate var tone: Tone {
        switch shownState {
        case "running": .good
        case "starting", "reconnecting": .warning
        case "stopped": .quiet
        default: .bad
        }
    }
}

extension Double {
    /// With one digit after the point.
    fileprivate var oneDecimal: String {
        let tenths = Int64((self * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }
}

extension RecordShapes {
    func collector(_ collector: CollectorReading) -> JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }
        return [
            "worker": .string(collector.worker), "exchange": .string(collector.exchange),
            "name": .string(collector.name), "markets": .array(collector.markets.map { .string($0) }),
            "state": .string(collector.state), "reason": .string(collector.reason),
            "since": .string(text(collector.since)),
            "last_message_at": collector.lastMessageAt.map { .string(text($0)) } ?? .null,
            "rate": .double(collector.rate), "lag_seconds": number(collector.lagSeconds),
            "messages": .int(Int64(collector.messages)), "reconnects": .int(Int64(collector.reconnects)),
            "gaps": .int(Int64(collector.gaps)), "filled_trades": .int(Int64(collector.filledTrades)),
            "malformed": .int(Int64(collector.malformed)), "shed": .int(Int64(collector.shed)),
            "stored": .int(Int64(collector.stored)), "duplicates": .int(Int64(collector.duplicates)),
            "commit_seconds": number(collector.commitSeconds), "updated_at": .string(text(collector.updatedAt)),
            "is_silent": .bool(collector.isSilent),
        ]
    }
}
