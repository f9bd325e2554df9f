import ArgumentParser
import CivilTime
import DAGModel
import ModelRegistry

/// `cryptoflow model show [MODEL]`.
struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a model: scores beside the naive forecast, windows, features, origin.",
        discussion: """
            Errors are in log returns; docs/MODEL.md has the formulas.

            Examples:
              cryptoflow model show
              cryptoflow model show 3 --output yaml
              cryptoflow model show current --artefact > model.json
            """)

    @Argument(help: ArgumentHelp("The model's id or name, or `current` for the one in use.", valueName: "model"))
    var model = "current"

    @Flag(help: "Print the whole artefact as it is stored: JSON, with XGBoost's own.")
    var artefact = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        if artefact {
            let text = try await database.withModels { try await $0.artefact($0.model(model).id) }
            // As it is: its SHA-256 is the one that `show` prints.
            return try CommandEnvironment.current.console.raw(text, to: .output)
        }
        let found = try await database.withModels { try await $0.model(model) }
        let shapes = options.shapes
        try options.write(ModelShapes.whole(found, shapes)) { isColourful in
            ModelReport(model: found, shapes: shapes, isColourful: isColourful).text
        }
    }
}
