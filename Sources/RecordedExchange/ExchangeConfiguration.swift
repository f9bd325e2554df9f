/// How a recorded exchange listens and behaves.
package struct ExchangeConfiguration: Sendable {
    /// The address to listen on.
    package var host: String
    /// The port to listen on; 0 lets the system choose.
    package var port: Int
    package var limits: LimitPolicy
    /// Faults that are set up from the start.
    package var faults: [Fault]
    /// How the trades between recorded candles are made.
    package var ticks: TickSettings
    /// The WebSocket ends a connection whose client has sent nothing for so long; measured at the real exchange.
    package var streamIdleTimeout: Duration

    /// A server on a free loopback port without limits and faults, unless said otherwise.
    package init(
        host: String = "127.0.0.1", port: Int = 0, limits: LimitPolicy = .none, faults: [Fault] = [],
        ticks: TickSettings = TickSettings(), streamIdleTimeout: Duration = .seconds(60)
    ) {
        self.host = host
        self.port = port
        self.limits = limits
        self.faults = faults
        self.ticks = ticks
        self.streamIdleTimeout = streamIdleTimeout
    }
}
