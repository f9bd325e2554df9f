import ArgumentParser
import DAGModel
import ModelRegistry

/// `cryptoflow model compare A B`.
struct ModelCompare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Set two models side by side, each on the hours it was judged on.",
        discussion: """
            Figures of different hours do not tell which model is better: read each beside its naive forecast then.

            Example:
              cryptoflow model compare 3 current
            """)

    @Argument(help: ArgumentHelp("A model's id or name, or `current`.", valueName: "a"))
    var first: String

    @Argument(help: ArgumentHelp("The other one's.", valueName: "b"))
    var second: String

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let (left, right) = try await database.withModels { desk in
            (try await desk.model(first), try await desk.model(second))
        }
        let shapes = options.shapes
        let value: JSONValue = [
            "models": [ModelShapes.summary(left, shapes), ModelShapes.summary(right, shapes)],
            "same_hours": .bool(Self.haveSameHours(left, right)),
        ]
        try options.write(value) { Self.text(left, right, isColourful: $0) }
    }

    static func haveSameHours(_ left: RegisteredModel, _ right: RegisteredModel) -> Bool {
        guard let first = left.card.judgement.candidate, let second = right.card.judgement.candidate else {
            return false
        }
        return first.from == second.from && first.until == second.until && first.model.rows == second.model.rows
    }

    private static func text(_ left: RegisteredModel, _ right: RegisteredModel, isColourful: Bool) -> String {
        let judged = (left.card.judgement.candidate, right.card.judgement.candidate)
        var table = TextTable(
            .init(""), .init("A", .right), .init("NAIVE", .right), .init("B", .right), .init("NAIVE", .right))
        for score in ModelScoreRow.all {
            table.add(
                .init(score.name), .init(judged.0.map { score.text($0.model) }),
                .init(judged.0.map { score.text($0.naive) }), .init(judged.1.map { score.text($0.model) }),
                .init(judged.1.map { score.text($0.naive) }))
        }
        table.add(
            "holding", .init(FigureText.percent(judged.0?.buyAndHold, signed: true)), "",
            .init(FigureText.percent(judged.1?.buyAndHold, signed: true)), "")
        var fields = FieldList()
        for (name, model) in [("A", left), ("B", right)] {
            let hours = model.card.judgement.candidate.map { "judged on \($0.from) … \($0.until)" } ?? "not judged"
            let state = model.isInUse ? ", in use" : ""
            fields.add(name, "\(model.name) (\(model.id)\(state)), \(hours): \(model.card.judgement.verdict.words)")
        }
        var text = fields.text(isColourful: isColourful) + "\n\n" + table.text(isColourful: isColourful)
        if !haveSameHours(left, right) {
            text += "\n\n"
            text +=
                judged.0 == nil || judged.1 == nil
                ? "One of them was not judged, so they cannot be compared."
                : "They were judged on different hours: compare each with its naive forecast, not with the other."
        }
        return text
    }
}
