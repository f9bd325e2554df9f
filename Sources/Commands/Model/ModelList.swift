import ArgumentParser
import DAGModel
import ModelRegistry

/// `cryptoflow model list`.
struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List models with their verdicts, newest first.",
        discussion: """
            A model is `better` when it beat the naive forecast and the model in use on the judged hours; only then the \
            retraining promotes it by itself.

            Examples:
              cryptoflow model list
              cryptoflow model list --limit 5 --output json
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("At most so many models.", valueName: "n"))
    var limit = 25

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is between 1 and 1000, not \(limit)") }
    }

    func run() async throws {
        let models = try await database.withModels { try await $0.models(limit: limit) }
        let shapes = options.shapes
        try options.write(.array(models.map { ModelShapes.summary($0, shapes) })) { isColourful in
            guard !models.isEmpty else {
                return "no models yet: `cryptoflow dag trigger model_retraining` trains one"
            }
            var table = TextTable(
                .init("ID", .right), .init("MODEL"), .init("STATE"), .init("VERDICT"), .init("CREATED"),
                .init("RMSE", .right), .init("NAIVE", .right), .init("LOG LOSS", .right), .init("NAIVE", .right))
            for model in models {
                let judged = model.card.judgement.candidate
                table.add(
                    .init(String(model.id)), .init(model.name),
                    model.isInUse ? .init("in use", .active) : .init(model.promotedAt == nil ? "" : "was in use"),
                    .init(model.card.judgement.verdict.words, model.card.judgement.verdict.tone),
                    .init(shapes.shortText(model.createdAt)), .init(FigureText.error(judged?.model.rmse)),
                    .init(FigureText.error(judged?.naive.rmse)), .init(FigureText.loss(judged?.model.logLoss)),
                    .init(FigureText.loss(judged?.naive.logLoss)))
            }
            let isNaive = !models.contains(where: \.isInUse) && models.count < limit
            return table.text(isColourful: isColourful) + (isNaive ? "\n\nno model is in use: forecasts are naive" : "")
        }
    }
}

extension ModelCard.Verdict {
    /// The verdict in words.
    var words: String {
        switch self {
        case .better: "better"
        case .notBetter: "not better"
        case .notJudged: "not judged"
        }
    }

    /// "Not better" is a normal outcome, nothing bad.
    var tone: Tone { self == .better ? .good : .plain }
}

extension ModelCard.Judgement {
    /// The verdict with its reason, which may begin with it.
    var sentence: String { reason.hasPrefix(verdict.words) ? reason : "\(verdict.words): \(reason)" }
}
