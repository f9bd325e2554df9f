import CivilTime
import Glibc
import Lab
import Markets
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A WebSocket server that sends made messages in Upbit's format at a steady rate to whoever connects: trades, books and
/// tickers as 6 : 3 : 1.
///
/// In a process of its own, so that making messages costs the measured one nothing.
package struct StreamFeeder: Sendable {
    /// Messages a second of the loads that are measured.
    static let steadyRate = 5_000

    /// Messages a second.
    private let rate: Int
    /// Messages are sent together so often: what an exchange's gateway does under load.
    private static let beat = TimeAmount.milliseconds(2)

    package init(rate: Int) { self.rate = rate }

    /// Serves until the process ends; prints the port first.
    package func run() async throws {
        let feeder = self
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FeedHandler(rate: feeder.rate, beat: Self.beat))
                }
            })
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let line = Array("serving at \(channel.localAddress?.port ?? 0)\n".utf8)
        _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        try await channel.closeFuture.get()
    }

    /// The port of a feeder that was started as a program.
    static func port(of program: Program) async throws -> Int {
        guard try await program.waitForOutput("\n", seconds: 10),
            let port = program.output.split(separator: " ").last.flatMap({ Int($0.filter(\.isNumber)) })
        else { throw LabFailure("the feeder does not serve: \(program.output)") }
        return port
    }
}

/// Sends to one client from its first message, the subscription, on.
private final class FeedHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let rate: Int
    private let beat: TimeAmount
    private var sent = 0
    private var lastID: UInt64 = 0
    private var start: NIODeadline?
    private var timer: RepeatedTask?

    init(rate: Int, beat: TimeAmount) {
        self.rate = rate
        self.beat = beat
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        if frame.opcode == .ping {
            let answer = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
        guard start == nil, frame.opcode == .text || frame.opcode == .binary else { return }
        start = .now()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: beat, delay: beat) { _ in
            let (handler, context) = bound.value
            handler.send(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    /// As many as are due by now.
    private func send(_ context: ChannelHandlerContext) {
        guard let start, context.channel.isWritable else { return }
        let due = Int((NIODeadline.now() - start).nanoseconds / 1_000 * Int64(rate) / 1_000_000)
        let now = Timestamp.now()
        while sent < due {
            lastID = max(lastID + 1, MonotonicClock.nanoseconds)
            let bytes = MadeMessage.frame(sent, id: lastID, at: now)
            let buffer = context.channel.allocator.buffer(bytes: bytes)
            context.write(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: buffer)), promise: nil)
            sent += 1
        }
        context.flush()
    }
}

/// Messages that were never sent by an exchange, in its format.
enum MadeMessage {
    static let codes = ["KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-SOL", "KRW-DOGE"]

    /// The bytes of the message with a number, as Upbit writes them; ten in a row are of one market.
    ///
    /// - Parameter id: the trade's number: the moment of its sending, by which others tell how long it took.
    static func frame(_ number: Int, id: UInt64, at now: Timestamp) -> [UInt8] {
        let code = codes[number / 10 % codes.count]
        let milliseconds = now.microseconds / 1_000
        switch number % 10 {
        case 6, 7, 8:
            let units = (0..<15).map { level in
                "{\"ap\":\(127 + level).0,\"bp\":\(126 - level).0,\"as\":\(level + 1).46037885,\"bs\":\(level + 2).6824}"
            }
            return Array(
                """
                {"ty":"orderbook","cd":"\(code)","tms":\(milliseconds),"tas":25752275.5542,"tbs":14407925.2009,\
                "obu":[\(units.joined(separator: ","))],"lv":0,"st":"REALTIME"}
                """.utf8)
        case 9:
            return Array(String(decoding: StreamSample.shortTicker[0], as: UTF8.self).utf8)
        default:
            return Array(
                """
                {"ty":"trade","cd":"\(code)","tms":\(milliseconds),"td":"2026-11-21","ttm":"08:26:46",\
                "ttms":\(milliseconds),"tp":\(1_000 + number % 613).5,"tv":0.\(1_000 + number % 8_999),"ab":"BID",\
                "pcp":123.00000000,"c":"RISE","cp":4.00000000,"sid":\(id),"st":"REALTIME"}
                """.utf8)
        }
    }

    /// A trade as the bus carries it, for loads beyond what a socket brings.
    static func trade(_ number: Int, at now: Timestamp) throws -> Trade {
        guard let market = MarketCode(codes[number % codes.count]) else { throw LabFailure("no market") }
        return Trade(
            market: market, tradedAt: now,
            price: try ExactDecimal(significand: Int128(10_005 + number % 613), exponent: -1),
            volume: try ExactDecimal(significand: Int128(1_000 + number % 8_999), exponent: -4),
            takerSide: number % 2 == 0 ? .bid : .ask, sequentialID: Int64(17_000_000_000_000_000 + number),
            previousClose: .one)
    }
}
