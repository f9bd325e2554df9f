import ArgumentParser
import CivilTime
import FoundationEssentials
import Model
import ModelRegistry

/// `cryptoflow-model train`.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a candidate, judges it, stores it, and puts it into use when it is better.")

    @OptionGroup var options: ModelOptions

    @Option(parsing: .upToNextOption, help: "Only these markets, such as KRW-BTC KRW-ETH.") var markets: [String] = []

    @Option(help: "Read no hour from this instant on.", transform: ModelOptions.instant) var until: Timestamp?

    @Option(
        help: ArgumentHelp(
            "Training parameters that differ from the defaults, as a JSON object: rounds, eta, max_depth, "
                + "min_child_weight, subsample, colsample_bytree, lambda, alpha, seed, train_hours, windows, window_hours, "
                + "judge_hours.", valueName: "JSON"))
    var parameters = "{}"

    @Option(help: "The DAG whose run it is.") var dag: String?
    @Option(help: "The run.") var run: String?
    @Option(help: "The task.") var task: String?
    @Option(help: "The instance of a mapped task.") var mapIndex: Int?

    func run() async throws {
        let parameters = try TrainingParameters(json: parameters)
        let report = try await options.withDatabase { database in
            try await Training(database: database, workshop: ModelWorkshop()).run(
                parameters: parameters, until: until, exchange: options.exchange,
                markets: markets.isEmpty ? nil : markets,
                maker: ModelCard.Maker(
                    dagID: dag, runID: run, taskID: task, mapIndex: mapIndex,
                    attempt: options.attempt.map { String($0) }),
                say: { StandardOutput.line($0) })
        }
        StandardOutput.line(report.card.judgement.reason)
        let registration = report.registration
        if !registration.isNew {
            StandardOutput.line("the same model, or one of this task, is stored already: \(registration.name)")
        } else if let promotion = registration.promotion {
            StandardOutput.line(
                "promoted \(registration.name), in place of \(promotion.replacedName ?? "the naive forecast")")
        } else {
            StandardOutput.line(
                "kept \(report.card.judgement.inUseName ?? "the naive forecast"); \(registration.name) is stored")
        }
        try ModelResult.print([
            "model_id": .number(Double(registration.id)), "model": .text(registration.name),
            "verdict": .text(report.card.judgement.verdict.rawValue), "reason": .text(report.card.judgement.reason),
            "promoted": .flag(registration.promotion != nil),
        ])
    }
}
