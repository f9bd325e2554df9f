import ArgumentParser
import Model

/// `cryptoflow-model drift`.
struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Compares the features and the errors of the last 7 days with the training; warns, fails nothing.")

    @OptionGroup var options: ModelOptions

    func run() async throws {
        let findings = try await options.withDatabase { database in
            try await DriftCheck(database: database).run(say: { StandardOutput.line($0) })
        }
        let warnings = findings.count { $0.warns }
        StandardOutput.line(
            warnings == 0 ? "no drift in \(findings.count) measures" : "\(warnings) of \(findings.count) measures warn")
        try ModelResult.print(["measures": .number(Double(findings.count)), "warnings": .number(Double(warnings))])
    }
}
