/// How a subscription wants its frames: long or short names, bare or in an array of one.
struct StreamFormat: Sendable, Hashable {
    var isSimple = false
    var isList = false

    static let all = [
        StreamFormat(), StreamFormat(isSimple: true), StreamFormat(isList: true),
        StreamFormat(isSimple: true, isList: true),
    ]

    init(isSimple: Bool = false, isList: Bool = false) {
        self.isSimple = isSimple
        self.isList = isList
    }

    /// `DEFAULT`, `SIMPLE`, `JSON_LIST` or `SIMPLE_LIST`.
    init?(name: String) {
        switch name {
        case "DEFAULT": self.init()
        case "SIMPLE": self.init(isSimple: true)
        case "JSON_LIST": self.init(isList: true)
        case "SIMPLE_LIST": self.init(isSimple: true, isList: true)
        default: return nil
        }
    }

    var name: String { isSimple ? (isList ? "SIMPLE_LIST" : "SIMPLE") : (isList ? "JSON_LIST" : "DEFAULT") }
}

/// What a subscription is about; the raw value is Upbit's `type`.
enum StreamKind: Sendable, Hashable {
    case ticker, trade
    case orderbook
    /// Seconds of the slot.
    case candle(Int64)

    init?(name: String) {
        switch name {
        case "ticker": self = .ticker
        case "trade": self = .trade
        case "orderbook": self = .orderbook
        case "candle.1s": self = .candle(1)
        default:
            let minutes: [Int64] = [1, 3, 5, 10, 15, 30, 60, 240]
            guard name.hasPrefix("candle."), name.hasSuffix("m"),
                let number = Int64(name.dropFirst(7).dropLast()), minutes.contains(number), name == "candle.\(number)m"
            else { return nil }
            self = .candle(number * 60)
        }
    }

    var name: String {
        switch self {
        case .ticker: "ticker"
        case .trade: "trade"
        case .orderbook: "orderbook"
        case .candle(1): "candle.1s"
        case .candle(let seconds): "candle.\(seconds / 60)m"
        }
    }
}
