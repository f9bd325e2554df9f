import NIOCore
import Synchronization
import WebSocketProtocol
import WebSocketServer

/// `/ws/prices`: a client says what it wants to hear, is told what is known of it, and then what happens.
struct PriceSocket: Sendable {
    let hub: LiveHub
    let desk: LiveDesk

    /// What the reading and the writing half share.
    private final class Talk: Sendable {
        struct State {
            var subscription = PriceSubscription()
            /// While set, updates wait: the client is being told what it subscribed to, which comes first.
            var isHeld = false
        }

        let connection: WebSocketConnection
        let listener: LiveListener
        let state = Mutex(State())

        init(_ connection: WebSocketConnection, _ listener: LiveListener) {
            self.connection = connection
            self.listener = listener
        }
    }

    /// Runs until the client goes, is given up, or the server ends.
    func run(_ connection: WebSocketConnection) async {
        let joined = hub.join(PriceSubscription().topic) { connection.channel.close(promise: nil) }
        guard let listener = joined else {
            await connection.close(code: .tryAgainLater, reason: "too many listeners")
            return
        }
        defer { hub.leave(listener) }
        let talk = Talk(connection, listener)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await read(talk) }
            group.addTask {
                await write(talk)
                // The hub has ended; a client that has gone does not hear it.
                await connection.close(code: .goingAway, reason: "the server stops")
            }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: - What the client says

    private func read(_ talk: Talk) async {
        for await message in talk.connection.messages {
            do {
                try await answer(message, talk)
            } catch let refusal as PriceSocketMessage.Refusal {
                try? await talk.connection.send(.text(refusal.json))
            } catch {
                return
            }
        }
    }

    private func answer(_ message: WebSocketMessage, _ talk: Talk) async throws {
        guard case .text(let text) = message else {
            throw PriceSocketMessage.Refusal(
                code: "invalid_message", message: "this is a binary message", detail: "messages are JSON texts")
        }
        let message = try PriceSocketMessage(text)
        if message == .ping { return try await talk.connection.send(.text("{\"type\":\"pong\"}")) }
        var subscription = talk.state.withLock { $0.subscription }
        let book = try await askPath { try await desk.symbols() }
        let added = try subscription.take(message, book)
        talk.state.withLock { state in
            state.subscription = subscription
            state.isHeld = true
        }
        defer {
            talk.state.withLock { $0.isHeld = false }
            hub.ring(talk.listener)
        }
        hub.move(talk.listener, to: subscription.topic)
        var frames = WebSocketFrames()
        frames.append(text: subscription.json(added.isEmpty ? "unsubscribed" : "subscribed"))
        let known = subscription.markets.filter { added.contains($0.key) }
        for text in try await askPath({ try await desk.messages(for: known) }) { frames.append(text: text) }
        try await talk.connection.send(frames)
    }

    private func askPath<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        do {
            return try await within(hub.configuration.patience, body)
        } catch {
            throw PriceSocketMessage.Refusal(
                code: "unavailable", message: "the real-time path does not answer", detail: "try again in a moment")
        }
    }

    // MARK: - What the client hears

    private func write(_ talk: Talk) async {
        for await _ in talk.listener.bell {
            if talk.state.withLock({ $0.isHeld }) { continue }
            do {
                switch hub.take(talk.listener) {
                case .nothing: continue
                case .over: return
                case .frames(let frames): try await talk.connection.send(Self.joined(frames))
                case .resync(let missed): try await begin(talk, missed: missed)
                }
            } catch {
                return
            }
        }
    }

    /// Many frames as one, so that they go out at once.
    private static func joined(_ frames: [LiveFrame]) -> WebSocketFrames {
        if frames.count == 1, let frame = frames.first { return frame.messages }
        var all = WebSocketFrames(reservingBytes: frames.reduce(0) { $0 + $1.messages.byteCount })
        for frame in frames { all.append(frame.messages) }
        return all
    }

    /// Tells everything again: what lies between is lost.
    private func begin(_ talk: Talk, missed: Int) async throws {
        let markets = talk.state.withLock { $0.subscription.markets }
        guard !markets.isEmpty else { return }
        var frames = WebSocketFrames()
        if missed > 0 { frames.append(text: "{\"type\":\"resync\",\"missed\":\(missed)}") }
        let texts = try? await within(hub.configuration.patience) { try await desk.messages(for: markets) }
        for text in texts ?? [] { frames.append(text: text) }
        try await talk.connection.send(frames)
    }
}
