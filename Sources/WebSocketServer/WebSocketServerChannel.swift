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
            let verdict = FirstRequestGate.Verdict()
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<UpgradeOutcome>(
                upgraders: [WebSocketUpgrader(gate: verdict, settings: settings)],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture { .http(try speakHTTP(on: channel, logger: logger)) }
                })
            var pipeline = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            // As in HTTP1Channel: NIOAsyncChannel pipelines, HTTPTypes validates, Hummingbird answers parse errors.
            pipeline.enablePipelining = false
            pipeline.enableResponseHeaderValidation = false
            pipeline.enableErrorHandling = false
            pipeline.decoderConfiguration.maxHeaderFieldSize = http.configuration.httpDecoder.maxHeaderFieldSize
            pipeline.decoderConfiguration.maxHeaderListSize = http.configuration.httpDecoder.maxHeaderListSize
            pipeline.decoderConfiguration.maxHeaderFieldCount = http.configuration.httpDecoder.maxHeaderFieldCount
            let operations = channel.pipeline.syncOperations
            let outcome = try operations.configureUpgradableHTTPServerPipeline(configuration: pipeline)
            let upgradeHandler = try operations.handler(type: NIOTypedHTTPServerUpgradeHandler<UpgradeOutcome>.self)
            try operations.addHandler(
                FirstRequestGate(verdict: verdict, shouldUpgrade: shouldUpgrade), position: .before(upgradeHandler))
            try operations.addHandler(FirstRequestGuard())
            return Value(channel: channel, outcome: outcome)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            guard let outcome = try? await value.outcome.get() else {
                // It ended before its first request was whole, or that request made no sense.
                value.channel.close(promise: nil)
                return
            }
            switch outcome {
            case .http(let channel): await http.handle(value: channel, logger: logger)
            case .webSocket(let upgraded): await upgraded.run(settings: settings)
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
        FirstRequestGuard.removeFirstRequestHandlers(from: channel)
        try operations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try operations.addHandlers(http.configuration.additionalChannelHandlers())
        try operations.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: http.configuration.idleTimeout.map { .nanoseconds($0.nanoseconds) }, logger: logger))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
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
