import Glibc
import NIOCore
import Synchronization
import WebSocketProtocol
import WebSocketServer

/// One client's WebSocket: what it has subscribed to, and what goes wrong for it on purpose.
///
/// Requests come from the connection's task, the exchange's time from the stream's; all that is sent goes out from the
/// latter, so that a snapshot is always before what follows it.
final class StreamSession: Sendable {
    private struct Item: Sendable {
        let want: StreamSlot.Want
        let wantsRealtime: Bool
    }

    private struct State {
        var request: [StreamRequest.Subscription] = []
        var format = StreamFormat()
        var items: [Item] = []
        var snapshots: [StreamSlot.Want] = []
        var answers = WebSocketFrames()
        /// When the next `{"status":"UP"}` is due; nil before the first PING.
        var statusDue: Int64?
        var limits = StreamLimits.Messages()
        var disturbance = StreamDisturbance()
    }

    /// What a request leads to beyond an answer.
    enum Verdict: Sendable, Equatable {
        case goOn
        /// The frame goes out, then the connection closes with 1000.
        case refuse([UInt8])
    }

    private let connection: WebSocketConnection
    private let desk: ExchangeDesk
    private let state = Mutex(State())

    private static let statusInterval: Int64 = 10_000_000_000
    private static let status = Array("{\"status\":\"UP\"}".utf8)

    init(connection: WebSocketConnection, desk: ExchangeDesk) {
        self.connection = connection
        self.desk = desk
    }

    /// Takes in a message of the client.
    func take(_ message: WebSocketMessage) -> Verdict {
        let bytes: [UInt8]
        switch message {
        case .text(let text): bytes = Array(text.utf8)
        case .binary(let buffer): bytes = Array(buffer.readableBytesView)
        }
        let now = desk.uptime()
        if desk.enforcesLimits, !state.withLock({ $0.limits.admit(now: now) }) {
            return .refuse(Array(#"{"error":{"name":"TOO_MANY_REQUEST","message":"Too many messages."}}"#.utf8))
        }
        if bytes.elementsEqual("PING".utf8) {
            state.withLock { state in
                state.answers.append(binary: Self.status)
                state.statusDue = now + Self.statusInterval
            }
            return .goOn
        }
        do throws(StreamRequest.Refusal) {
            switch try StreamRequest.parse(bytes) {
            case .subscribe(let subscriptions, let format): subscribe(subscriptions, format)
            case .list(let ticket): list(ticket: ticket)
            }
            return .goOn
        } catch {
            return .refuse(error.frame)
        }
    }

    private func subscribe(_ subscriptions: [StreamRequest.Subscription], _ format: StreamFormat) {
        var items: [Item] = []
        var snapshots: [StreamSlot.Want] = []
        for subscription in subscriptions {
            for code in subscription.codes {
                var (code, units) = (code[...], MadeBook.depth)
                if subscription.kind == .orderbook, let dot = code.lastIndex(of: ".") {
                    let asked = Int(code[code.index(after: dot)...]) ?? 0
                    units = [1, 5, 15].contains(asked) ? asked : MadeBook.depth
                    code = code[..<dot]
                }
                // Unknown codes, and known ones in lower case, never get a frame and no error.
                guard let market = desk.api.markets.firstIndex(where: { $0.code == code }) else { continue }
                let isBook = subscription.kind == .orderbook
                let want = StreamSlot.Want(
                    kind: subscription.kind, market: market, format: format, units: isBook ? units : 0,
                    level: isBook ? subscription.level : 0)
                items.append(Item(want: want, wantsRealtime: subscription.wantsRealtime))
                if subscription.wantsSnapshot { snapshots.append(want) }
            }
        }
        state.withLock { state in
            state.request = subscriptions
            state.format = format
            (state.items, state.snapshots) = (items, snapshots)
        }
    }

    private func list(ticket: String) {
        state.withLock { state in
            var json = JSONBytes()
            json.raw("{\"method\":\"LIST_SUBSCRIPTIONS\",\"result\":")
            json.array(state.request) { json, subscription in
                json.raw("{\"type\":")
                json.string(subscription.kind.name)
                json.raw(",\"codes\":")
                json.array(subscription.codes) { json, code in json.string(code) }
                if subscription.kind == .orderbook {
                    json.raw(",\"level\":")
                    json.shortDecimal(subscription.level)
                }
                json.raw("}")
            }
            json.raw(",\"ticket\":")
            json.string(ticket)
            json.raw("}")
            state.answers.append(binary: json.bytes)
        }
    }

    /// Sends what a stretch of time holds for this client.
    ///
    /// - Parameter isDisturbed: whether messages have to be looked at one by one.
    func deliver(_ slot: StreamSlot, isDisturbed: Bool) {
        let now = desk.uptime()
        let (frames, end) = state.withLock { state -> (WebSocketFrames, StreamDisturbance.End?) in
            var frames = state.answers
            state.answers = WebSocketFrames()
            if let due = state.statusDue, now >= due {
                frames.append(binary: Self.status)
                state.statusDue = due + Self.statusInterval
            }
            for want in state.snapshots { slot.appendSnapshot(want, to: &frames) }
            state.snapshots = []
            guard isDisturbed || state.disturbance.isActive else {
                for item in state.items where item.wantsRealtime { frames.append(slot.batch(item.want).frames) }
                return (frames, nil)
            }
            for item in state.items where item.wantsRealtime {
                for message in slot.batch(item.want).messages {
                    let fault = desk.messageFault(market: message.market)
                    state.disturbance.take(message.payload, fault: fault, now: now, into: &frames)
                }
            }
            state.disturbance.release(now: now, into: &frames)
            return (frames, state.disturbance.end)
        }
        // Whoever reads too slowly is cut off, rather than the exchange's memory filled.
        let isTooSlow = !connection.trySend(frames)
        guard isTooSlow || end != nil else { return }
        guard end == .reset, let options = connection.channel as? any SocketOptionProvider else {
            connection.channel.close(promise: nil)
            return
        }
        // Lingering for no time at all makes the kernel send RST instead of FIN.
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { [connection] _ in
            connection.channel.close(promise: nil)
        }
    }
}
