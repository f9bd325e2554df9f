import CivilTime
import DAGModel

/// Models and forecasts as JSON values.
enum ModelJSON {
    static func summary(_ model: ModelSummary) -> JSONValue {
        [
            "id": .int(model.id), "name": .string(model.name), "created_at": .string(model.createdAt.iso8601),
            "promoted_at": string(model.promotedAt?.iso8601), "is_in_use": .bool(model.isInUse),
            "verdict": .string(model.verdict.rawValue), "reason": .string(model.reason), "judged": hours(model.judged),
        ]
    }

    static func facts(_ facts: ModelFacts) -> JSONValue {
        var members = summary(facts.summary).objectValue ?? [:]
        members["sha256"] = .string(facts.sha256)
        members["in_use_then"] = facts.inUse.map { ["name": string(facts.inUseName), "scores": figures($0)] } ?? .null
        members["markets"] = .object(
            Dictionary(facts.markets.map { ($0.name, hours($0.hours)) }, uniquingKeysWith: { first, _ in first }))
        members["walk_forward"] = .array(facts.windows.map { hours($0) })
        members["walk_forward_total"] = hours(facts.allWindows)
        members["features"] = .array(
            facts.features.map {
                [
                    "name": .string($0.name), "version": .int(Int64($0.version)),
                    "use_for_return": double($0.useForReturn), "use_for_class": double($0.useForClass),
                ]
            })
        members["calibration"] = .array(
            facts.calibration.map {
                [
                    "from": .double($0.from), "to": .double($0.to), "rows": .int(Int64($0.rows)),
                    "mean_probability": double($0.meanProbability), "frequency": double($0.frequency),
                ]
            })
        members["drift"] = .array(
            facts.drift.map {
                [
                    "checked_at": .string($0.checkedAt.iso8601), "measure": .string($0.measure),
                    "subject": .string($0.subject), "value": double($0.value), "threshold": .double($0.threshold),
                    "warns": .bool($0.warns), "detail": .string($0.detail),
                ]
            })
        members["parameters"] = .object(
            Dictionary(
                facts.parameters.map { ($0.name, (try? JSONValue(parsing: $0.value)) ?? .string($0.value)) },
                uniquingKeysWith: { first, _ in first }))
        members["made_by"] =
            facts.run.map { ["dag_id": .string($0.dag), "run_id": .string($0.run), "task_id": string($0.task)] }
            ?? .null
        return .object(members)
    }

    static func forecast(_ forecast: MarketForecast) -> JSONValue {
        let odds = forecast.probabilities ?? []
        return [
            "exchange": .string(forecast.exchange), "symbol": .string(forecast.market),
            "target_time": .string(forecast.targetTime.iso8601), "made_at": .string(forecast.madeAt.iso8601),
            "is_late": .bool(forecast.isLate), "model_id": forecast.model.map { .int($0) } ?? .null,
            "model": .string(forecast.modelName), "market_known": .bool(forecast.isMarketKnown),
            "close": .string(forecast.close), "forecast_price": .double(forecast.price),
            "lower_price": double(forecast.lower), "upper_price": double(forecast.upper),
            "dead_band": .double(forecast.deadBand),
            "p_down": double(odds.count == 3 ? odds[0] : nil), "p_flat": double(odds.count == 3 ? odds[1] : nil),
            "p_up": double(odds.count == 3 ? odds[2] : nil), "actual_close": string(forecast.actualClose),
            "error": double(forecast.error), "is_inside": forecast.isInside.map { .bool($0) } ?? .null,
        ]
    }

    private static func hours(_ hours: ModelHours?) -> JSONValue {
        guard let hours else { return .null }
        return [
            "from": .string(hours.from), "until": .string(hours.until), "model": figures(hours.model),
            "naive": figures(hours.naive), "buy_and_hold": .double(hours.buyAndHold),
        ]
    }

    private static func figures(_ figures: ModelFigures) -> JSONValue {
        [
            "rows": .int(Int64(figures.rows)), "mae": .double(figures.mae), "rmse": .double(figures.rmse),
            "directional_accuracy": double(figures.directionalAccuracy), "log_loss": .double(figures.logLoss),
            "accuracy": .double(figures.accuracy), "calibration_error": double(figures.calibrationError),
            "band_coverage": double(figures.bandCoverage), "paper_profit": .double(figures.paperProfit),
            "paper_trades": .int(Int64(figures.paperTrades)),
        ]
    }

    private static func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    private static func double(_ number: Double?) -> JSONValue { number.map { .double($0) } ?? .null }
}
