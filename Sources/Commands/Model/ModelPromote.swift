import ArgumentParser
import DAGModel
import ModelRegistry

/// `cryptoflow model promote MODEL`.
struct ModelPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Put a model into use, or none: then forecasts are naive.",
        discussion: """
            The next forecast uses it. Promoting a model that was not judged better than the naive forecast is possible, \
            and a warning says so. `cryptoflow model rollback` undoes it.

            Examples:
              cryptoflow model promote 3 --reason "a quiet month"
              cryptoflow model promote none
            """)

    @Argument(help: ArgumentHelp("The model's id or name; `none` for the naive forecast.", valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var reason = "asked for on the command line"

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let (chosen, change) = try await database.withModels { desk in
            let chosen = model == "none" ? nil : try await desk.model(model)
            let change = try await desk.promote(
                chosen.map { String($0.name) }, actor: environment.actor, reason: reason)
            return (chosen, change)
        }
        if let card = chosen?.card, card.judgement.verdict != .better {
            try environment.console.error(
                "warning: this model is in use although it was " + DisplayText.oneLine(card.judgement.sentence))
        }
        let shapes = options.shapes
        try options.write(change.map { ModelShapes.promotion($0, shapes) } ?? .null) { _ in
            guard let change else {
                return chosen.map { "model \(DisplayText.oneLine($0.name)) is in use already" }
                    ?? "no model is in use already: forecasts are naive"
            }
            return change.sentence
        }
    }
}

/// `cryptoflow model rollback`.
struct ModelRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Put back what was in use before the newest promotion.",
        discussion: """
            Repeated, it goes further back, down to the naive forecast.

            Example:
              cryptoflow model rollback --reason "errors doubled since Monday"
            """)

    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var reason = "asked for on the command line"

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let actor = CommandEnvironment.current.actor
        let change = try await database.withModels { try await $0.rollBack(actor: actor, reason: reason) }
        try options.write(ModelShapes.promotion(change, options.shapes)) { _ in change.sentence }
    }
}

extension ModelPromotion {
    /// What is in use now, and what it replaced.
    var sentence: String {
        let now = modelName.map { "model \($0) is in use" } ?? "no model is in use: forecasts are naive from now on"
        let text = "\(now); this replaced " + (replacedName.map { "model \($0)" } ?? "the naive forecast")
        return DisplayText.oneLine(text)
    }
}
