import Logging
import PostgresClient
import Synchronization

/// One listening connection for everyone in this process who waits for notifications on its channels.
///
/// There is a connection while somebody waits.
final class WakeupHub: Sendable {
    private struct Subscriber {
        let channel: String
        let tell: @Sendable (_ payload: String) -> Void
        let finish: @Sendable () -> Void
    }

    private struct State {
        var subscribers: [Int: Subscriber] = [:]
        var last = 0
        var listening: Task<Void, Never>?
        var isClosed = false
    }

    private let settings: PostgresSettings
    private let channels: [String]
    private let logger: Logger
    private let state = Mutex(State())

    init(_ settings: PostgresSettings, channels: [String], logger: Logger) {
        self.settings = settings
        self.channels = channels
        self.logger = logger
    }

    /// What is notified on a channel; an empty payload at once, and whenever the connection came (back): all must be read anew.
    func listen<Element: Sendable>(
        to channel: String, bufferLimit: Int, _ element: @escaping @Sendable (_ payload: String) -> Element
    ) -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Element.self, bufferingPolicy: .bufferingNewest(bufferLimit))
        let subscriber = Subscriber(
            channel: channel, tell: { continuation.yield(element($0)) }, finish: { continuation.finish() })
        let number = state.withLock { state -> Int? in
            if state.isClosed { return nil }
            state.last += 1
            state.subscribers[state.last] = subscriber
            if state.listening == nil { state.listening = listenTask() }
            return state.last
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { @Sendable [weak self] _ in self?.leave(number) }
        subscriber.tell("")
        return stream
    }

    private func leave(_ number: Int) {
        let idle = state.withLock { state -> Task<Void, Never>? in
            state.subscribers[number] = nil
            guard state.subscribers.isEmpty else { return nil }
            defer { state.listening = nil }
            return state.listening
        }
        idle?.cancel()
    }

    /// Ends every stream and the connection.
    func close() async {
        let (subscribers, listening) = state.withLock { state in
            state.isClosed = true
            defer { (state.subscribers, state.listening) = ([:], nil) }
            return (Array(state.subscribers.values), state.listening)
        }
        for subscriber in subscribers { subscriber.finish() }
        listening?.cancel()
        await listening?.value
    }

    /// Ended when nobody waits any more, or by ``close()``, which waits for it.
    private func listenTask() -> Task<Void, Never> {
        let listener = PostgresListener(settings, channels: channels, bufferLimit: 256)
        return Task { [weak self, logger] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                for await event in listener.events {
                    switch event {
                    case .connected: self?.tell(nil, "")
                    case .notification(let notification): self?.tell(notification.channel, notification.payload)
                    case .disconnected(let error): logger.debug("not listening", metadata: ["error": "\(error)"])
                    }
                }
                group.cancelAll()
            }
        }
    }

    /// - Parameter channel: nil for those of every channel.
    private func tell(_ channel: String?, _ payload: String) {
        let told = state.withLock { state in
            state.subscribers.values.filter { channel == nil || $0.channel == channel }
        }
        for subscriber in told { subscriber.tell(payload) }
    }
}
