import CivilTime
import HTTPTypes
import ServiceLifecycle
import Synchronization
import WebSocketProtocol
import WebSocketServer

/// The WebSocket endpoint: sends each client what happens, as the exchange's time goes on.
///
/// One task walks through the exchange's time in short slots and hands every slot to every session; whatever the speed of
/// the clock and the number of clients, a frame is made once.
final class ExchangeStream: Sendable {
    static let path = "/websocket/v1"

    private let desk: ExchangeDesk
    private let sessions = Mutex<(next: Int, open: [Int: StreamSession])>((0, [:]))
    /// Real time between two slots.
    private let interval: Duration

    init(desk: ExchangeDesk, interval: Duration = .milliseconds(20)) {
        self.desk = desk
        self.interval = interval
    }

    /// Decides on a handshake.
    func upgrade(_ request: HTTPRequest) -> WebSocketUpgradeDecision {
        guard let path = request.path?.prefix(while: { $0 != "?" }), path == Self.path else { return .refuse }
        if let reply = desk.handshakeRefusal(origin: request.headerFields[.origin] != nil) {
            return .reject(
                .init(code: reply.status), [.contentType: reply.contentType],
                body: String(decoding: reply.body, as: UTF8.self))
        }
        return .upgrade([:]) { connection in await self.serve(connection) }
    }

    private func serve(_ connection: WebSocketConnection) async {
        let session = StreamSession(connection: connection, desk: desk)
        let number = sessions.withLock { sessions in
            sessions.next += 1
            sessions.open[sessions.next] = session
            return sessions.next
        }
        defer { sessions.withLock { _ = $0.open.removeValue(forKey: number) } }
        for await message in connection.messages {
            guard case .refuse(let frame) = session.take(message) else { continue }
            sessions.withLock { _ = $0.open.removeValue(forKey: number) }
            var frames = WebSocketFrames()
            frames.append(binary: frame)
            try? await connection.send(frames)
            await connection.close(code: .normal)
        }
    }

    /// Walks through the exchange's time until graceful shutdown or cancellation.
    func run() async {
        let clock = desk.api.clock
        let shift = clock.shiftSeconds * 1000
        await cancelWhenGracefulShutdown {
            var from = clock.now().milliseconds - shift
            while !Task.isCancelled {
                try? await Task.sleep(for: self.interval)
                // A clock that stands still has empty slots, which still bring snapshots.
                let to = max(from, clock.now().milliseconds - shift)
                self.deliver(StreamSlot(markets: self.desk.api.markets, from: from, to: to, shift: shift))
                from = to
            }
        }
    }

    private func deliver(_ slot: StreamSlot) {
        let open = sessions.withLock { $0.open }
        guard !open.isEmpty else { return }
        let isDisturbed = desk.disturbsMessages
        for session in open.values { session.deliver(slot, isDisturbed: isDisturbed) }
    }
}
