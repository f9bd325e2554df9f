import CivilTime

/// The rows of Upbit's REST answers, keys in Upbit's order (docs.upbit.com reference, and answers captured in 2025).
extension JSONBytes {
    /// What a candle row ends with, by endpoint.
    enum CandleTail: Sendable, Equatable {
        /// `/candles/seconds`
        case second
        /// `/candles/minutes/{unit}`
        case unit(Int)
        /// `/candles/days`, with `converted_trade_price` when a conversion to KRW was asked for.
        case day(converted: Bool)
        /// `/candles/weeks`, `/months`, `/years`
        case firstDay
    }

    private static let kst: Int64 = 9 * 3600

    /// A candle; prices of a KRW market are already won, so the converted close is the close.
    mutating func candle(_ row: CandleRow, market: String, tail: CandleTail) {
        raw("{\"market\":")
        string(market)
        raw(",\"candle_date_time_utc\":\"")
        dateTime(row.openTime)
        raw("\",\"candle_date_time_kst\":\"")
        dateTime(row.openTime + Self.kst)
        raw("\",\"opening_price\":")
        decimal(row.open)
        raw(",\"high_price\":")
        decimal(row.high)
        raw(",\"low_price\":")
        decimal(row.low)
        raw(",\"trade_price\":")
        decimal(row.close)
        raw(",\"timestamp\":")
        integer(row.lastTrade)
        raw(",\"candle_acc_trade_price\":")
        decimal(row.value)
        raw(",\"candle_acc_trade_volume\":")
        decimal(row.volume)
        switch tail {
        case .second: break
        case .unit(let minutes):
            raw(",\"unit\":")
            integer(Int64(minutes))
        case .day(let converted):
            let change = row.close - row.previousClose
            let rate = ScaledDecimal.rate(change, of: row.previousClose)
            raw(",\"prev_closing_price\":")
            decimal(row.previousClose)
            raw(",\"change_price\":")
            if change == 0 { integer(0) } else { decimal(change) }
            raw(",\"change_rate\":")
            if change == 0 { integer(0) } else { self.rate(change < 0 ? -rate : rate) }
            if converted {
                raw(",\"converted_trade_price\":")
                decimal(row.close)
            }
        case .firstDay:
            raw(",\"first_day_of_period\":\"")
            date(row.openTime)
            raw("\"")
        }
        raw("}")
    }

    /// A ticker.
    mutating func ticker(_ ticker: TickerSummary) {
        let second = ticker.lastTrade.flooredQuotient(1000)
        let change = ticker.price - ticker.previousClose
        let rate = ScaledDecimal.rate(change, of: ticker.previousClose)
        raw("{\"market\":")
        string(ticker.market)
        raw(",\"trade_date\":\"")
        date(second, dashes: false)
        raw("\",\"trade_time\":\"")
        timeOfDay(second, colons: false)
        raw("\",\"trade_date_kst\":\"")
        date(second + Self.kst, dashes: false)
        raw("\",\"trade_time_kst\":\"")
        timeOfDay(second + Self.kst, colons: false)
        raw("\",\"trade_timestamp\":")
        integer(ticker.lastTrade)
        raw(",\"opening_price\":")
        decimal(ticker.opening)
        raw(",\"high_price\":")
        decimal(ticker.high)
        raw(",\"low_price\":")
        decimal(ticker.low)
        raw(",\"trade_price\":")
        decimal(ticker.price)
        raw(",\"prev_closing_price\":")
        decimal(ticker.previousClose)
        raw(",\"change\":")
        string(ticker.change.rawValue)
        raw(",\"change_price\":")
        if change == 0 { integer(0) } else { decimal(abs(change)) }
        raw(",\"change_rate\":")
        if change == 0 { integer(0) } else { self.rate(rate) }
        raw(",\"signed_change_price\":")
        if change == 0 { integer(0) } else { decimal(change) }
        raw(",\"signed_change_rate\":")
        if change == 0 { integer(0) } else { self.rate(change < 0 ? -rate : rate) }
        raw(",\"trade_volume\":")
        decimal(ticker.lastVolume)
        raw(",\"acc_trade_price\":")
        decimal(ticker.valueToday, padding: 8)
        raw(",\"acc_trade_price_24h\":")
        decimal(ticker.value24h)
        raw(",\"acc_trade_volume\":")
        decimal(ticker.volumeToday)
        raw(",\"acc_trade_volume_24h\":")
        decimal(ticker.volume24h)
        raw(",\"highest_52_week_price\":")
        decimal(ticker.highest.price)
        raw(",\"highest_52_week_date\":\"")
        date(ticker.highest.day)
        raw("\",\"lowest_52_week_price\":")
        decimal(ticker.lowest.price)
        raw(",\"lowest_52_week_date\":\"")
        date(ticker.lowest.day)
        raw("\",\"timestamp\":")
        integer(ticker.lastTrade)
        raw("}")
    }

    /// A row of the market list.
    ///
    /// No recorded market carries a warning, because none was recorded.
    mutating func market(_ market: Recording.Market, details: Bool) {
        raw("{\"market\":")
        string(market.code)
        raw(",\"korean_name\":")
        string(market.koreanName)
        raw(",\"english_name\":")
        string(market.englishName)
        if details {
            raw(",\"market_event\":{\"warning\":false,\"caution\":{\"PRICE_FLUCTUATIONS\":false,")
            raw("\"TRADING_VOLUME_SOARING\":false,\"DEPOSIT_AMOUNT_SOARING\":false,")
            raw("\"GLOBAL_PRICE_DIFFERENCES\":false,\"CONCENTRATION_OF_SMALL_ACCOUNTS\":false}}")
        }
        raw("}")
    }

    /// `[a,b,…]` of anything.
    mutating func array<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONBytes, Element) -> Void) {
        raw("[")
        var first = true
        for element in elements {
            if !first { raw(",") }
            first = false
            write(&self, element)
        }
        raw("]")
    }
}
