import ArgumentParser
import DAGModel
import ModelRegistry

/// `cryptoflow model predictions`.
struct ModelPredictions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predictions", abstract: "List forecasts with what came of them, newest first.",
        discussion: """
            ERROR is the actual log return minus the forecast one. A late forecast was made after its hour had ended.

            Examples:
              cryptoflow model predictions
              cryptoflow model predictions --market KRW-BTC --limit 48
            """)

    @Option(help: ArgumentHelp("Only forecasts of this market, such as KRW-BTC.", valueName: "market"))
    var market: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("At most so many forecasts.", valueName: "n"))
    var limit = 24

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is between 1 and 1000, not \(limit)") }
    }

    func run() async throws {
        let predictions = try await database.withModels { desk in
            let found = try await desk.predictions(market: market, limit: limit)
            guard found.isEmpty, let market else { return found }
            let known = Set(try await desk.predictions(market: nil, limit: 1_000).map(\.market)).sorted()
            if known.isEmpty { return found }
            throw HistoryLookup.unknown(
                "there is no forecast of \"\(market)\"", market, known, list: "cryptoflow model predictions", empty: "")
        }
        let shapes = options.shapes
        try options.write(.array(predictions.map { ModelShapes.prediction($0, shapes) })) { isColourful in
            guard !predictions.isEmpty else {
                return "no forecasts yet: the DAG `predict` makes them when an hour's Gold is there"
            }
            return Self.table(predictions, shapes).text(isColourful: isColourful)
        }
    }

    private static func table(_ predictions: [Prediction], _ shapes: RecordShapes) -> TextTable {
        var table = TextTable(
            .init("HOUR"), .init("MARKET"), .init("CLOSE BEFORE", .right), .init("FORECAST", .right),
            .init("80 % BAND", .right), .init("ACTUAL", .right), .init("ERROR", .right), .init("BAND"), .init("MODEL"))
        for prediction in predictions {
            let band = prediction.lowerPrice.flatMap { lower in
                prediction.upperPrice.map { "\(FigureText.price(lower)) … \(FigureText.price($0))" }
            }
            let inside = prediction.isInside.map { $0 ? "inside" : "outside" }
            table.add(
                .init(shapes.shortText(prediction.targetTime)), .init(prediction.market), .init(prediction.close),
                .init(FigureText.price(prediction.forecastPrice)), .init(band), .init(prediction.actualClose),
                .init(FigureText.percent(prediction.error, signed: true)), .init(inside),
                .init(prediction.modelName + (prediction.isLate ? ", late" : ""), prediction.isLate ? .warning : .plain)
            )
        }
        return table
    }
}
