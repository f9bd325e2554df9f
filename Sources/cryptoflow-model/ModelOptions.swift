import ArgumentParser
import CivilTime
import Glibc
import Model
import ModelRegistry
import PostgresClient

/// What every command of the program is told by the task that runs it.
struct ModelOptions: ParsableArguments {
    @Option(help: "Only this exchange's markets.") var exchange: String?

    @Option(help: ArgumentHelp("The attempt on whose behalf it works.", valueName: "id")) var attempt: Int64?

    @Option(help: ArgumentHelp("The most memory, in MB; 0 for no limit.", valueName: "MB")) var memory = 2_048

    /// Below it not even the program itself and its libraries fit.
    private static let leastMemory = 256

    func validate() throws {
        guard memory == 0 || memory >= Self.leastMemory else {
            throw ValidationError("--memory is \(Self.leastMemory) MB or more, or 0 for no limit, not \(memory)")
        }
    }

    /// Runs `body` with the database, within the memory's bound.
    func withDatabase<Value>(_ body: (ModelDatabase) async throws -> Value) async throws -> Value {
        if memory > 0 {
            var limit = rlimit(rlim_cur: rlim_t(memory) << 20, rlim_max: rlim_t(memory) << 20)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        }
        guard let url = getenv("CRYPTOFLOW_MODEL_DATABASE").map({ String(cString: $0) }), !url.isEmpty else {
            throw ModelFailure(.invalid, "$CRYPTOFLOW_MODEL_DATABASE is not set: give it the URL of the database")
        }
        let connection: PostgresConnection
        do {
            var settings = try PostgresSettings(url: url)
            // A new leader finds and ends the backends of lost attempts by this name.
            settings.applicationName = attempt.map { "cryptoflow attempt \($0)" } ?? "cryptoflow-model"
            settings.session["client_connection_check_interval"] = "2s"
            connection = try await PostgresConnection.connect(settings)
        } catch {
            throw ModelFailure(.failed, "\(error)")
        }
        do {
            let value = try await body(ModelDatabase(connection: connection, attempt: attempt))
            await connection.close()
            return value
        } catch let error as ModelRegistryError {
            await connection.close()
            throw ModelFailure(.invalid, "\(error)")
        } catch {
            await connection.close()
            throw error
        }
    }

    /// An instant of the command line.
    static func instant(_ text: String) throws -> Timestamp {
        guard let instant = Timestamp(iso8601: text) else {
            throw ValidationError("\"\(text)\" is not an instant such as 2026-11-20T12:00:00Z")
        }
        return instant
    }
}
