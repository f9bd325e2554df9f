import ArgumentParser
import Model

@main
struct CryptoflowModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-model", abstract: "Trains and predicts with XGBoost, as a child process of tasks.")
}
