import ArgumentParser
import CivilTime
import FoundationEssentials
import Glibc
import Logging
import RecordedExchange

/// The command line of the recorded exchange.
struct ExchangeOptions: ParsableArguments {
    @Option(help: "Port to listen on; 0 takes a free one.")
    var port = 8090

    @Option(help: "Address to listen on.")
    var bind = "127.0.0.1"

    @Option(help: "Folder with the recorded candles (default: found beside the executable).")
    var data: String?

    @Option(help: "Weeks between recorded and served times (default: chosen from the present).")
    var shiftWeeks: Int?

    @Option(
        help: "Stand still at this instant (ISO 8601, such as 2026-11-20T12:00:00Z) and choose the shift from it.",
        transform: ExchangeOptions.instant)
    var recordedNow: Timestamp?

    @Option(help: "Request limits to enforce: upbit or none.")
    var limits = LimitPolicy.none

    @Option(
        help: ArgumentHelp(
            "Set up a fault: a kind (429, 418, 500, 503, truncate, cutoff, reset, slow, hang, garbage; for the WebSocket"
                + " refuse, disconnect, stall, duplicate, reorder, gap, and with path=/websocket/v1 also reset, slow,"
                + " garbage, truncate), then path=, market=, count=, skip=, probability=, seed=, seconds=, lasts=,"
                + " window=; may be repeated.",
            valueName: "kind,name=value,..."),
        transform: { try Fault.parse(option: $0) })
    var fault: [Fault] = []

    @Option(help: "Seconds of the exchange in a real second, from its start on.")
    var speed = 1.0

    @Option(help: "Trades a second that each market has on average; they are made from the recorded candles.")
    var tradesPerSecond = TickSettings().tradesPerSecond

    @Option(help: "Another seed makes other trades of the same candles.")
    var seed = TickSettings().seed

    @Option(help: "Seconds after which the WebSocket ends a connection whose client sends nothing.")
    var idleTimeout = 60.0

    @Flag(help: "End when the process that started this one ends.")
    var exitWithParent = false

    private static func instant(_ text: String) throws -> Timestamp {
        guard let instant = Timestamp(iso8601: text) else {
            throw ValidationError("\"\(text)\" is not an instant such as 2026-11-20T12:00:00Z")
        }
        return instant
    }

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is between 0 and 65535, not \(port)") }
        guard speed > 0, speed <= 1_000_000 else {
            throw ValidationError("--speed is above 0 and at most 1000000, not \(speed)")
        }
        if let shiftWeeks, !RecordedClock.shiftLimits.contains(shiftWeeks) {
            let (least, most) = (RecordedClock.shiftLimits.lowerBound, RecordedClock.shiftLimits.upperBound)
            throw ValidationError("--shift-weeks is between \(least) and \(most), not \(shiftWeeks)")
        }
        guard TickSettings.rates.contains(tradesPerSecond) else {
            let (least, most) = (TickSettings.rates.lowerBound, TickSettings.rates.upperBound)
            throw ValidationError("--trades-per-second is between \(least) and \(most), not \(tradesPerSecond)")
        }
        guard idleTimeout > 0, idleTimeout <= 86_400 else {
            throw ValidationError("--idle-timeout is above 0 and at most 86400, not \(idleTimeout)")
        }
    }

    /// The service these options describe; it announces itself on standard output.
    func service(logger: Logger) throws -> RecordedExchangeService {
        let folder = try data.map { URL(filePath: $0) } ?? Recording.folder(besideExecutable: nil)
        let recording = try Recording.load(from: folder)
        let span = recording.span
        let clock =
            if let recordedNow {
                RecordedClock.pinned(at: recordedNow, shiftWeeks: shiftWeeks, span: span)
            } else {
                RecordedClock.running(
                    shiftWeeks: shiftWeeks ?? RecordedClock.chooseShift(realNow: .now(), span: span), span: span,
                    speed: speed)
            }
        let configuration = ExchangeConfiguration(
            host: bind, port: port, limits: limits, faults: fault,
            ticks: TickSettings(seed: seed, tradesPerSecond: tradesPerSecond),
            streamIdleTimeout: .seconds(idleTimeout))
        return RecordedExchangeService(
            recording: recording, clock: clock, configuration: configuration, logger: logger
        ) { [bind] port in
            // Written in one piece and unbuffered: a parent process waits for this line.
            let host = bind.contains(":") ? "[\(bind)]" : bind
            let line = Array("listening on http://\(host):\(port)\n".utf8)
            _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        }
    }
}

extension LimitPolicy: ExpressibleByArgument {}
