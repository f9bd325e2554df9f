package import DAGModel
package import Execution

/// `cryptoflow.operators.MarketFetch`: asks an exchange for market data and keeps every reply in Bronze.
///
/// A reply is committed together with the rows it contains and the hours it answers, one transaction a request,
/// whatever the try comes to: refusals, garbage and broken connections stay as evidence, and another try adds rows. The
/// task succeeds only when everything it was asked for is covered and final.
package struct MarketFetch: Operator {
    private let arguments: MarketFetchArguments
    private let gateway: MarketGateway

    /// Throws ``TaskFailure``, not retryable, naming every argument it cannot use.
    package init(arguments: [String: JSONValue], gateway: MarketGateway) throws {
        self.arguments = try MarketFetchArguments(arguments)
        self.gateway = gateway
    }

    /// Adds the operator to a program's registry.
    package static func register(in registry: inout OperatorRegistry, gateway: MarketGateway) {
        registry.register(signature) { try MarketFetch(arguments: $0, gateway: gateway) }
    }

    /// Fetches, stores and reports.
    ///
    /// The output is `{rows, calls, landing_ids, interval}`; every outlet of the task counts as changed over the
    /// interval fetched.
    ///
    /// Throws ``TaskSkip`` when the exchange cannot have the data (a ticker too late, a recording that stands before
    /// the interval's end), ``TaskFailure`` when it was not all had, `CancellationError`.
    package func execute(_ context: TaskContext) async throws -> TaskResult {
        guard let rest = gateway.rest(for: arguments.exchange) else {
            throw TaskFailure("the exchange \(arguments.exchange) cannot be asked yet", isRetryable: false)
        }
        let standing = try await gateway.present()
        let desk = FetchDesk(
            gateway: gateway, rest: rest, exchange: arguments.exchange, launch: context.launch, log: context.log,
            standing: standing)
        switch arguments.endpoint {
        case .candles: return try await CandleFetch(arguments: arguments, desk: desk).run()
        case .ticker24h: return try await TickerFetch(arguments: arguments, desk: desk).run()
        }
    }
}
