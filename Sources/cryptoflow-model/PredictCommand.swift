import ArgumentParser
import CivilTime
import Model

/// `cryptoflow-model predict`.
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Forecasts the next hour of every market with exactly one model.")

    @OptionGroup var options: ModelOptions

    @Option(help: "The model's id or name (default: the one in use; without one, the naive forecast).")
    var model: String?

    @Option(
        help: "Forecast from this hour on, at most 48 hours back (default: the newest hour only).",
        transform: ModelOptions.instant)
    var since: Timestamp?

    func run() async throws {
        let report = try await options.withDatabase { database in
            try await Predicting(database: database, workshop: ModelWorkshop()).run(
                model: model, since: since, exchange: options.exchange, say: { StandardOutput.line($0) })
        }
        StandardOutput.line("\(report.stored) forecasts stored, from candles up to \(report.newest ?? "")")
        try ModelResult.print([
            "stored": .number(Double(report.stored)), "by_model": .number(Double(report.byModel)),
            "model": report.model.map { .text($0) } ?? .none, "newest": report.newest.map { .text($0) } ?? .none,
        ])
    }
}
