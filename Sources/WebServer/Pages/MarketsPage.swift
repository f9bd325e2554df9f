import CivilTime

/// `/market` and `/market/{code}`: prices, a price line, indicators, and how complete and fresh they are.
struct MarketsPage {
    let markets: (any MarketPages)?
    let models: (any ModelPages)?
    let words: TimeWords

    private static let coverageHours = 336
    private static let lineHours = 336

    func page(_ request: PageRequest) async throws -> SitePage? {
        guard let markets else {
            return request.segments.count == 1
                ? .view("Market", section: "market", "markets", ["note": "This database has no market data."]) : nil
        }
        async let coverage = markets.coverage(hours: Self.coverageHours)
        let prices = try await markets.latestPrices()
        guard request.segments.count == 2 else { return list(prices, try await coverage) }
        let exchange = request.query["exchange"]
        guard
            let price = prices.first(where: {
                $0.market == request.segments[1] && (exchange == nil || exchange == $0.exchange)
            })
        else { return nil }
        async let line = markets.priceLine(exchange: price.exchange, market: price.market, hours: Self.lineHours)
        async let readings = markets.indicators(exchange: price.exchange, market: price.market)
        var content = view(price)
        add(try await coverage.first { $0.exchange == price.exchange && $0.market == price.market }, to: &content)
        let points = try await line
        let chart = PriceLine(points: points)
        content["hasLine"] = !chart.isEmpty
        if !chart.isEmpty {
            content["line"] = chart.html.html
            content["lineNote"] = chart.note
        }
        if let models { content["forecast"] = await ForecastSection(models: models, words: words).view(price, points) }
        if let readings = try await readings {
            content["hasReadings"] = true
            content["readingHour"] = TimeWords.minute(readings.hour) + " UTC"
            content["groups"] = Self.groups(readings.readings)
        }
        return .view(price.market, section: "market", "market", content)
    }

    private func list(_ prices: [MarketPrice], _ coverage: [MarketHours]) -> SitePage {
        var content: [String: Any] = ["any": !prices.isEmpty, "coverageTitle": Self.coverageTitle]
        if prices.isEmpty {
            content["note"] =
                "No prices yet: they come once candles have been fetched and the DAG gold_trend_volatility has run."
        }
        if let newest = prices.map(\.hour).max() {
            let end = newest + .seconds(3_600)
            content["freshness"] = "The newest hour ended at \(TimeWords.minute(end)) UTC, \(words.relative(end))."
        }
        content["markets"] = prices.map { price -> [String: Any] in
            var row = view(price)
            add(coverage.first { $0.exchange == price.exchange && $0.market == price.market }, to: &row)
            return row
        }
        return .view("Market", section: "market", "markets", content)
    }

    private static var coverageTitle: String { "Last \(coverageHours / 24) days" }

    private func view(_ price: MarketPrice) -> [String: Any] {
        var view: [String: Any] = [
            "href": PageLink.market(price.market, exchange: price.exchange), "market": price.market,
            "exchange": price.exchange, "price": NumberText.grouped(price.price),
            // Upbit names the quote currency first.
            "quote": price.market.split(separator: "-").first.map(String.init) ?? "",
            "asOf": words.view(price.hour + .seconds(3_600)), "change": "–", "direction": "flat",
        ]
        if let change = price.change24h {
            view["change"] = NumberText.percent(change, signed: true)
            view["direction"] = change > 0 ? "up" : change < 0 ? "down" : "flat"
        }
        return view
    }

    private func add(_ hours: MarketHours?, to view: inout [String: Any]) {
        view["coverageTitle"] = Self.coverageTitle
        guard let hours else { return }
        var parts = ["\(hours.candles) hours with candles"]
        if hours.withoutTrade > 0 { parts.append("\(hours.withoutTrade) without") }
        parts.append(hours.missing == 0 ? "complete" : "\(hours.missing) missing")
        view["hours"] = parts.joined(separator: ", ")
    }

    private static func groups(_ readings: [MarketReading]) -> [[String: Any]] {
        var groups: [(name: String, rows: [[String: Any]])] = []
        for reading in readings {
            if groups.last?.name != reading.group { groups.append((reading.group, [])) }
            groups[groups.count - 1].rows.append([
                "name": reading.name, "value": NumberText.reading(reading.value, reading.unit),
            ])
        }
        return groups.map { ["group": $0.name, "readings": $0.rows] }
    }
}
