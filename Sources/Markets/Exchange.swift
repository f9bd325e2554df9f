/// An exchange whose market data is known here; the raw value is its token in the database, API and logs.
package enum Exchange: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    case upbit, bithumb, korbit, coinone, binance

    package var description: String { rawValue }

    /// The name as people write it.
    package var displayName: String {
        switch self {
        case .upbit: "Upbit"
        case .bithumb: "Bithumb"
        case .korbit: "Korbit"
        case .coinone: "Coinone"
        case .binance: "Binance"
        }
    }
}
