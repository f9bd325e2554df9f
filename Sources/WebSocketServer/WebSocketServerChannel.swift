package import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Connections that speak HTTP/1.1 and, when a first request asks for it and may, WebSocket (RFC 6455).
///
/// Used as `Application(responder:, server: .webSocketUpgrade { request, channel in … })`. Only the first request of a
/// connection can upgrade, which is how browsers and client libraries do it. All others go to the responder as with
/// Hummingbird's `HTTP1Channel`. When the service shuts down, WebSockets are closed with 1001.
package struct WebSocketServerChannel: ServerChildChannel {
    /// Decides on a request for a WebSocket, before it is answered.
    package typealias ShouldUpgrade = @Sendable (HTTPRequest, any Channel) async -> WebSocketUpgradeDecision

    /// A connection whose first request is awaited or was decided on.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        fileprivate let outcome: EventLoopFuture<UpgradeOutcome>
    }

    private let http: HTTP1Channel
    private let settings: WebSocketServerSettings
    private let shouldUpgrade: ShouldUpgrade

    package init(
        responder: @escaping HTTPChannelHandler.Responder, http: HTTP1Channel.Configuration = .init(),
        settings: WebSocketServerSettings = .init(), shouldUpgrade: @escaping ShouldUpgrade
    ) {
        self.http = HTTP1Channel(responder: responder, configuration: http)
        self.settings = settings
        self.shouldUpgrade = shouldUpgrade
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let attempt = UpgradeAttempt()
            let upgrader = WebSocketUpgrader(attempt: attempt, settings: settings, shouldUpgrade: shouldUpgrade)
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<UpgradeOutcome>(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let rejection = attempt.rejection { return reject(rejection, channel: channel) }
                        return .http(try speakHTTP(on: channel, logger: logger))
                    }
                })
            var pipeline = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            // As in HTTP1Channel: NIOAsyncChannel pipelines, HTTPTypes validates, Hummingbird answers parse errors.
            pipeline.enablePipelining = false
            pipeline.enableResponseHeaderValidation = false
            pipeline.enableErrorHandling = false
            pipeline.decoderConfiguration.maxHeaderFieldSize = http.configuration.httpDecoder.maxHeaderFieldSize
            pipeline.decoderConfiguration.maxHeaderListSize = http.configuration.httpDecoder.maxHeaderListSize
            pipeline.decoderConfiguration.maxHeaderFieldCount = http.configuration.httpDecoder.maxHeaderFieldCount
            let outcome = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                configuration: pipeline)
            try channel.pipeline.syncOperations.addHandler(FirstRequestHandler())
            return Value(channel: channel, outcome: outcome)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            // A connection that ends before its first request has no outcome.
            guard let outcome = try? await value.outcome.get() else { return }
            switch outcome {
            case .http(let channel): await http.handle(value: channel, logger: logger)
            case .webSocket(let upgraded): await upgraded.run(settings: settings)
            case .rejected: try? await value.channel.closeFuture.get()
            }
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    /// Makes the rest of `HTTP1Channel`'s pipeline, in its order.
    private func speakHTTP(
        on channel: any Channel, logger: Logger
    ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        let operations = channel.pipeline.syncOperations
        FirstRequestHandler.remove(from: channel)
        try operations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try operations.addHandlers(http.configuration.additionalChannelHandlers())
        try operations.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: http.configuration.idleTimeout.map { .nanoseconds($0.nanoseconds) }, logger: logger))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    private func reject(_ rejection: UpgradeAttempt.Rejection, channel: any Channel) -> UpgradeOutcome {
        let body = ByteBuffer(string: rejection.body)
        var head = HTTPResponseHead(
            version: .http1_1,
            status: .init(statusCode: rejection.status.code, reasonPhrase: rejection.status.reasonPhrase))
        for field in rejection.fields { head.headers.add(name: field.name.canonicalName, value: field.value) }
        head.headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
        head.headers.replaceOrAdd(name: "connection", value: "close")
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
        return .rejected
    }
}

extension HTTPServerBuilder {
    /// A server that speaks HTTP/1.1 and WebSocket on the same port.
    package static func webSocketUpgrade(
        http: HTTP1Channel.Configuration = .init(), settings: WebSocketServerSettings = .init(),
        shouldUpgrade: @escaping WebSocketServerChannel.ShouldUpgrade
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            WebSocketServerChannel(responder: responder, http: http, settings: settings, shouldUpgrade: shouldUpgrade)
        }
    }
}
