import ArgumentParser

/// `cryptoflow dag …`.
struct DAGCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dag", abstract: "Check, list, start and pause DAGs.",
        subcommands: [
            DAGValidate.self, DAGList.self, DAGShow.self, DAGGraph.self, DAGVersions.self, DAGSchema.self, DAGNext.self,
            DAGTrigger.self, DAGBackfill.self,
            DAGPause.self,
            DAGUnpause.self,
        ], aliases: ["dags"])
}
