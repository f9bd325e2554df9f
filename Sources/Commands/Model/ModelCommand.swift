import ArgumentParser

/// `cryptoflow model …`.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "List, show and compare models; choose the one in use.",
        subcommands: [
            ModelList.self, ModelShow.self, ModelPromote.self, ModelRollback.self, ModelCompare.self,
            ModelPredictions.self,
        ], aliases: ["models"])
}
