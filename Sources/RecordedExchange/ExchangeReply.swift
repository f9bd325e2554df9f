/// An answer before it becomes HTTP.
struct ExchangeReply: Sendable, Equatable {
    /// Quotation requests are counted by group, each with its own limit (docs.upbit.com, rate limits).
    enum Group: String, Sendable, Hashable {
        case market, candles, ticker, trades, orderbook
    }

    var status: Int
    var body: [UInt8]
    var contentType = "application/json;charset=UTF-8"
    /// For the header `X-Derived`: fields that the recording lacks and this program computed.
    var derived: String?
    /// For the header `X-Recorded`: why an answer is empty although the real exchange would have rows.
    var remark: String?

    static func json(_ json: JSONBytes, derived: String? = nil) -> ExchangeReply {
        ExchangeReply(status: 200, body: json.bytes, derived: derived)
    }

    static func error(_ error: UpbitError) -> ExchangeReply {
        ExchangeReply(status: error.status, body: error.body)
    }
}

/// Upbit's error bodies.
///
/// Quotation errors have an integer `name`, those of the gateway in front a string.
enum UpbitError: Error, Sendable, Equatable {
    case missingParameter, wrongType, invalidValue
    case codeNotFound
    case noRoute
    case internalError
    /// The bodies of 429 and 418 are not documented; clients are told to go by the status.
    case tooManyRequests
    case blocked(seconds: Int)

    var status: Int {
        switch self {
        case .missingParameter, .wrongType, .invalidValue: 400
        case .codeNotFound, .noRoute: 404
        case .internalError: 500
        case .tooManyRequests: 429
        case .blocked: 418
        }
    }

    var body: [UInt8] {
        var json = JSONBytes()
        json.raw("{\"error\":{\"name\":")
        switch self {
        case .missingParameter:
            json.raw("400,\"message\":\"Missing request parameter error. Check the required parameters!\"")
        case .wrongType: json.raw("400,\"message\":\"Type mismatch error. Check the parameters type!\"")
        case .invalidValue: json.raw("400,\"message\":\"Invalid parameter. Check the given value!\"")
        case .codeNotFound: json.raw("404,\"message\":\"Code not found\"")
        case .noRoute: json.raw("\"not_found\",\"message\":\"no Route matched with those values\"")
        case .internalError: json.raw("\"server_error\",\"message\":\"Internal server error\"")
        case .tooManyRequests: json.raw("\"too_many_requests\",\"message\":\"Too many API requests.\"")
        case .blocked(let seconds):
            json.raw("\"too_many_requests\",\"message\":")
            json.string("Too many API requests. This IP is blocked, retry after \(seconds) seconds.")
        }
        json.raw("}}")
        return json.bytes
    }
}
