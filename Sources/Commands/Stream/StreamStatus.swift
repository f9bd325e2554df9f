import ArgumentParser
import CivilTime
import Collecting
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
                let status = collector.status
                table.add(
                    .init(collector.worker), .init(status.name), .init(collector.shownState, collector.tone),
                    .init(String(status.markets.count)), .init(FigureText.fixed(status.rate, 1)),
                    .init(status.lastMessageAt.map { Self.age($0, now) } ?? ""),
                    .init(status.lagSeconds.map { "\(FigureText.fixed($0, 1)) s" } ?? ""),
                    .init(String(collector.stored)), .init(String(status.reconnects)), .init(String(status.gaps)),
                    .init(String(status.filledTrades)), .init(String(status.shed)), .init(String(status.malformed)),
                    .init(DisplayText.oneLine(status.reason)))
            }
            return table.text(isColourful: isColourful)
        }
        let live = collectors.filter { !$0.isSilent && $0.status.state != .stopped }
        if live.isEmpty || live.contains(where: { $0.tone == .bad }) { throw ExitCode.failure }
    }

    private static func age(_ instant: Timestamp, _ now: Timestamp) -> String {
        max(.zero, now - instant).wholeSeconds.humanText(units: 1)
    }
}

extension CollectorReading {
    /// The worker does not write any more, though it never said that it stops.
    private var isLost: Bool { isSilent && status.state != .stopped }

    fileprivate var shownState: String { isLost ? "silent" : status.state.rawValue }

    fileprivate var tone: Tone {
        if isLost { return .bad }
        return switch status.state {
        case .running: .good
        case .starting, .reconnecting: .warning
        case .stopped: .quiet
        case .stalled, .failing: .bad
        }
    }
}

extension RecordShapes {
    func collector(_ collector: CollectorReading) -> JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }
        let status = collector.status
        return [
            "worker": .string(collector.worker), "exchange": .string(status.exchange), "name": .string(status.name),
            "markets": .array(status.markets.map { .string($0) }), "state": .string(status.state.rawValue),
            "reason": .string(status.reason), "since": .string(text(status.since)),
            "last_message_at": status.lastMessageAt.map { .string(text($0)) } ?? .null, "rate": .double(status.rate),
            "lag_seconds": number(status.lagSeconds), "messages": .int(Int64(status.messages)),
            "reconnects": .int(Int64(status.reconnects)), "gaps": .int(Int64(status.gaps)),
            "filled_trades": .int(Int64(status.filledTrades)), "malformed": .int(Int64(status.malformed)),
            "shed": .int(Int64(status.shed)), "stored": .int(Int64(collector.stored)),
            "duplicates": .int(Int64(collector.duplicates)), "commit_seconds": number(collector.commitSeconds),
            "updated_at": .string(text(collector.updatedAt)), "is_silent": .bool(collector.isSilent),
        ]
    }
}
