import Glibc
package import HTTPTypes
package import NIOCore
package import WebSocketProtocol

/// A client's WebSocket, as its handler sees it.
///
/// The handler runs as long as it likes: when it returns, the connection is closed with 1000; when the connection ends
/// first, `messages` ends and the handler's task is cancelled.
package struct WebSocketConnection: Sendable {
    /// The request that asked for the WebSocket.
    package let request: HTTPRequest
    /// What the client sends; to be iterated once.
    ///
    /// Messages that are not taken stop the reading from the socket, so a client cannot fill the memory.
    package let messages: WebSocketMessages
    /// The connection itself.
    package let channel: any Channel
    private let state: ConnectionState
    private let maxOutgoingBytes: Int

    init(
        request: HTTPRequest, messages: WebSocketMessages, channel: any Channel, state: ConnectionState,
        maxOutgoingBytes: Int
    ) {
        self.request = request
        self.messages = messages
        self.channel = channel
        self.state = state
        self.maxOutgoingBytes = maxOutgoingBytes
    }

    /// Sends a message and waits until the kernel has taken it: a slow client slows the sender.
    ///
    /// - Throws: `tooSlow` when others' messages already fill the outgoing buffer, `closed` when the connection has ended.
    package func send(_ message: WebSocketMessage) async throws(WebSocketServerError) {
        try await send(WebSocketFrames(message))
    }

    /// Sends several frames with one flush and waits until the kernel has taken them.
    ///
    /// - Throws: `tooSlow` when others' messages already fill the outgoing buffer, `closed` when the connection has ended.
    package func send(_ frames: WebSocketFrames) async throws(WebSocketServerError) {
        guard !frames.isEmpty else { return }
        guard state.reserve(frames.byteCount, limit: maxOutgoingBytes) else { throw .tooSlow }
        defer { state.release(frames.byteCount) }
        do {
            try await channel.writeAndFlush(frames.bytes)
        } catch {
            throw .closed
        }
    }

    /// Sends without waiting; false when the outgoing buffer is full, and then nothing was sent.
    ///
    /// What is sent to a connection that has ended is lost without a word, as it would be on the network.
    package func trySend(_ frames: WebSocketFrames) -> Bool {
        guard !frames.isEmpty else { return true }
        let count = frames.byteCount
        guard state.reserve(count, limit: maxOutgoingBytes) else { return false }
        channel.writeAndFlush(frames.bytes).whenComplete { [state] _ in state.release(count) }
        return true
    }

    /// Bytes that wait for the client.
    package var outgoingBytes: Int { state.outgoingBytes }

    /// How the connection ended, or is about to; nil while it is open.
    package var closure: WebSocketClosure? { state.closure }

    /// How long the client has sent nothing, not even a ping.
    package var idleTime: Duration { .nanoseconds((NIODeadline.now() - state.lastTraffic).nanoseconds) }

    /// Closes with a close frame and waits for the end of the connection.
    ///
    /// A client that does not answer is cut off after `closeTimeout`. Closing twice does no harm.
    package func close(code: WebSocketCloseCode = .normal, reason: String = "") async {
        let request = WebSocketServerHandler.CloseRequest(code: code, reason: reason)
        channel.triggerUserOutboundEvent(request, promise: nil)
        await waitUntilClosed()
    }

    /// Ends the connection without a close frame (FIN).
    package func disconnect() async {
        channel.close(promise: nil)
        await waitUntilClosed()
    }

    /// Ends the connection with a TCP reset: lingering for no time at all makes the kernel send RST instead of FIN.
    package func reset() async {
        if let options = channel as? any SocketOptionProvider {
            try? await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        await disconnect()
    }

    /// Returns when the connection has ended, whoever ended it.
    package func waitUntilClosed() async {
        // The future of a channel's end does not fail.
        try? await channel.closeFuture.get()
    }
}

/// The messages of a client, until the connection closes.
package struct WebSocketMessages: AsyncSequence, Sendable {
    package typealias Element = WebSocketMessage
    package typealias Failure = Never

    let inbound: NIOAsyncChannelInboundStream<WebSocketMessage>

    package struct AsyncIterator: AsyncIteratorProtocol {
        var inbound: NIOAsyncChannelInboundStream<WebSocketMessage>.AsyncIterator

        /// The next message; nil when the connection is closed, in whatever way.
        @concurrent package mutating func next() async -> WebSocketMessage? {
            // An error of the channel is one way of ending; `closure` tells which.
            try? await inbound.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inbound: inbound.makeAsyncIterator()) }
}
