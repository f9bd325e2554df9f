import ArgumentParser
import Glibc
import Model

/// What tasks run as a child process: XGBoost's calls cannot be cancelled within a process of ours, a process can.
@main
struct CryptoflowModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-model",
        abstract: "Trains and predicts with XGBoost; run by the tasks of model_retraining and predict.",
        discussion: """
            The database's URL is read from $CRYPTOFLOW_MODEL_DATABASE. The last line of standard output is the result as \
            JSON. Exit codes: 0 done; 1 failed, another try may help; 2 what was asked cannot be; 99 nothing to do.
            """,
        subcommands: [TrainCommand.self, PredictCommand.self, DriftCommand.self])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as ModelFailure {
            StandardOutput.line(failure.description)
            Glibc.exit(failure.kind.exitCode)
        } catch {
            // ArgumentParser's own: help, version and mistakes in the command line.
            let code = exitCode(for: error)
            if code == .success || code == .validationFailure {
                StandardOutput.line(fullMessage(for: error))
                Glibc.exit(code == .success ? 0 : 2)
            }
            StandardOutput.line("\(error)")
            Glibc.exit(1)
        }
    }
}

extension ModelFailure.Kind {
    var exitCode: Int32 {
        switch self {
        case .nothingToDo: 99
        case .invalid: 2
        case .failed: 1
        }
    }
}
