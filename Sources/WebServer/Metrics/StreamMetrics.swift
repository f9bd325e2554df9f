import CivilTime
import Collecting

/// What the real-time path says of itself.
struct StreamMetrics: MetricsSource {
    let markets: any LiveMarkets
    let now: @Sendable () -> Timestamp

    func families() async throws -> [MetricFamily] {
        let collectors = try await markets.collectors()
        let figures = try await markets.figures()
        return states(collectors) + collected(collectors) + stored(figures)
    }

    private func labels(_ collector: CollectorStatus) -> [MetricFamily.Label] {
        [.init("exchange", collector.exchange), .init("collector", collector.name)]
    }

    private func states(_ collectors: [CollectorStatus]) -> [MetricFamily] {
        let states = collectors.flatMap { collector in
            CollectorState.allCases.map { state in
                MetricFamily.Sample(
                    collector.state == state ? 1 : 0, labels: labels(collector) + [.init("state", state.rawValue)])
            }
        }
        let ages = collectors.compactMap { collector in
            collector.lastMessageAt.map { last in
                MetricFamily.Sample(max(0, (now() - last).inSeconds), labels: labels(collector))
            }
        }
        let lags = collectors.compactMap { collector in
            collector.lagSeconds.map { MetricFamily.Sample($0, labels: labels(collector)) }
        }
        return [
            MetricFamily(
                "cryptoflow_stream_collector_state", .gauge, help: "1 for the state that a collector is in.", states),
            MetricFamily(
                "cryptoflow_stream_last_message_age_seconds", .gauge,
                help: "Since the last message that could be used.", ages),
            MetricFamily(
                "cryptoflow_stream_lag_seconds", .gauge,
                help: "Arrival less the exchange's time of the last trade; clocks may differ.", lags),
            MetricFamily(
                "cryptoflow_stream_rate", .gauge, help: "Messages a second, over the last seconds.",
                collectors.map { .init($0.rate, labels: labels($0)) }),
        ]
    }

    private func collected(_ collectors: [CollectorStatus]) -> [MetricFamily] {
        let counts: [(String, String, (CollectorStatus) -> Int)] = [
            ("received", "Messages received.", { $0.messages }),
            ("reconnects", "Connections that were opened again.", { $0.reconnects }),
            ("gaps", "Gaps found in the exchange's messages.", { $0.gaps }),
            ("filled_trades", "Trades fetched over REST to fill gaps.", { $0.filledTrades }),
            ("malformed", "Messages that did not decode.", { $0.malformed }),
            ("shed", "Messages shed because something behind was slow.", { $0.shed }),
        ]
        return counts.map { name, help, count in
            MetricFamily(
                "cryptoflow_stream_\(name)_total", .counter, help: help,
                collectors.map { .init(Double(count($0)), labels: labels($0)) })
        }
    }

    private func stored(_ figures: StreamFigures) -> [MetricFamily] {
        let passedOn = MetricFamily(
            "cryptoflow_stream_messages_total", .counter, help: "Messages passed on, by exchange and kind.",
            figures.messages.map {
                .init(Double($0.messages), labels: [.init("exchange", $0.exchange), .init("kind", $0.kind.rawValue)])
            })
        let lastCommit = MetricFamily(
            "cryptoflow_stream_last_commit_seconds", .gauge, help: "How long the last commit of trades took.",
            figures.lastCommitSeconds.map { [.init($0)] } ?? [])
        let counts = MetricFamily.counts(
            "cryptoflow_stream_",
            [
                ("stored_trades_total", .counter, "Trades written to the database.", figures.storedTrades),
                ("duplicate_trades_total", .counter, "Trades that were there already.", figures.duplicateTrades),
                ("dead_letters_total", .counter, "Messages set aside with their bytes.", figures.deadLetters),
                ("waiting_messages", .gauge, "Messages that wait for the database.", figures.waiting),
                ("commits_total", .counter, "Commits of trades.", figures.commits),
            ])
        return [passedOn] + counts + [lastCommit]
    }
}
