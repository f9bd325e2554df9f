import CivilTime
import Glibc
import ModelRegistry
import PostgresClient

/// Are the inputs and the errors of the model in use still what they were? Warns, and fails nothing.
package struct DriftCheck: Sendable {
    private let database: ModelDatabase

    package init(database: ModelDatabase) {
        self.database = database
    }

    /// Hours looked at: seven days.
    package static let hours: Int64 = 168
    /// Shares of outcomes inside the 80 % band that are told.
    private static let coverage = 0.65...0.93
    /// Fewer live forecasts with outcomes say nothing.
    private static let leastForecasts = 48

    /// One measure.
    package struct Finding: Sendable, Hashable {
        package let measure: String
        package let subject: String
        package let value: Double?
        package let threshold: Double
        package let warns: Bool
        package let detail: String
    }

    /// Measures, stores and tells.
    ///
    /// - Throws: ``ModelFailure`` `nothingToDo` when no model is in use.
    package func run(say: @Sendable (String) -> Void) async throws -> [Finding] {
        guard let model = try await database.modelInUse() else {
            throw ModelFailure(.nothingToDo, "no model is in use, so nothing can drift")
        }
        try model.stored.checkFeatures()
        guard let newest = try await database.newestHour() else {
            throw ModelFailure(.nothingToDo, "Silver has no candle yet")
        }
        let end = newest.wholeHours + 1
        let start = end - Self.hours
        let hours = try await database.hours(
            from: Timestamp(hour: start - Int64(FeatureList.history) - 1), until: Timestamp(hour: end))
        let encoder = LabelEncoder(model.stored.card.encoder)
        let rows = FeatureTable(hours).rows.filter { $0.hour >= start && encoder.code(of: $0.market) != nil }
        var findings = model.stored.card.distributions.map { Self.stability($0, rows) }
        findings += try await errors(model.id, card: model.stored.card, from: Timestamp(hour: start))
        for finding in findings where finding.warns { say("WARNING drift: \(finding.detail)") }
        try await store(findings, model: model.id, from: Timestamp(hour: start), until: Timestamp(hour: end))
        return findings
    }

    static func stability(_ distribution: ModelCard.Distribution, _ rows: [FeatureRow]) -> Finding {
        let value = FeatureDrift.index(distribution, of: rows)
        let warns = value.map { $0 >= FeatureDrift.threshold } ?? false
        let detail =
            value.map {
                "\(distribution.feature): population stability index \(Trainer.short($0)) over 7 days"
                    + (warns
                        ? ", \(FeatureDrift.threshold) or more: its values are no longer those of the training" : "")
            } ?? "\(distribution.feature): too few rows (\(rows.count)) to compare"
        return Finding(
            measure: "psi", subject: distribution.feature, value: value, threshold: FeatureDrift.threshold,
            warns: warns, detail: detail)
    }

    private func errors(_ model: Int64, card: ModelCard, from: Timestamp) async throws -> [Finding] {
        let sql = """
            SELECT count(*), sqrt(avg(error * error)), sqrt(avg(actual_return * actual_return)),
                   avg(is_inside::integer)::double precision
            FROM warehouse.gold_prediction
            WHERE model_id = $1 AND open_time >= $2 AND NOT is_late AND error IS NOT NULL
            """
        guard let row = try await database.connection.query(sql, [model, from]).first else { return [] }
        let count = Int(try row.decode(0, as: Int64.self))
        let own: Double? = try row.decode(1)
        let naive: Double? = try row.decode(2)
        let inside: Double? = try row.decode(3)
        guard count >= Self.leastForecasts, let own, let naive, naive > 0, let inside else {
            let detail = "too few live forecasts with outcomes to judge (\(count) of \(Self.leastForecasts))"
            return [
                Finding(
                    measure: "rmse_7d", subject: "all", value: nil, threshold: 1, warns: false, detail: detail)
            ]
        }
        let ratio = own / naive
        return [
            Finding(
                measure: "rmse_7d", subject: "all", value: ratio, threshold: 1, warns: ratio > 1,
                detail: "rmse \(Trainer.short(own)) over 7 days, \(Trainer.short(ratio)) times the naive forecast's"
                    + (ratio > 1 ? ": the same price as last would have been closer" : "")),
            Finding(
                measure: "coverage_7d", subject: "all", value: inside, threshold: card.band.level,
                warns: !Self.coverage.contains(inside),
                detail: "\(Trainer.short(inside * 100)) % of the outcomes of 7 days lay in the band for "
                    + "\(Trainer.short(card.band.level * 100)) %"),
        ]
    }

    private func store(_ findings: [Finding], model: Int64, from: Timestamp, until: Timestamp) async throws {
        let sql = """
            INSERT INTO warehouse.model_drift (
                model_id, checked_at, measure, subject, value, threshold, warns, detail, window_start, window_end)
            VALUES ($1, now(), $2, $3, $4, $5, $6, $7, $8, $9)
            """
        try await database.connection.withTransaction { transaction in
            _ = try await transaction.pipeline(
                findings.map {
                    PostgresStatement(
                        sql,
                        [
                            model, $0.measure, $0.subject, $0.value, $0.threshold, $0.warns, $0.detail, from, until,
                        ])
                })
            try await database.hold(transaction)
        }
    }
}
