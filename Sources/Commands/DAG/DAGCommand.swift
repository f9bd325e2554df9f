import ArgumentParser

/// `cryptoflow dag …`.
struct DAGCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dag", abstract: "Check, try, list, start and pause DAGs.",
        subcommands: [
            DAGValidate.self, DAGTest.self, DAGList.self, DAGShow.self, DAGGraph.self, DAGVersions.self, DAGDiff.self,
            DAGSchema.self,
            DAGNext.self,
            DAGTrigger.self, DAGBackfill.self,
            DAGPause.self,
            DAGUnpause.self,
        ], aliases: ["dags"])
}
