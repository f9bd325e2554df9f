import Commands
import Execution
import HTTPClient
import Hosting
import Markets
import PostgresClient
import PrivateCluster
import Warehouse

/// The database of a DAG under test, as far as its tasks need one.
struct TestDatabase: Sendable {
    /// The environment of the tasks, with the connection `warehouse` where there is one.
    ///
    /// As one that the environment gives, since the project's own database knows nothing of these tries.
    let environment: [String: String]
    let pool: PostgresPool?
    /// Why market data cannot be fetched; nil when they can.
    private let problem: String?
    private let exchangeURL: String?

    private static let names = ["CRYPTOFLOW_CONN_WAREHOUSE", "AIRFLOW_CONN_WAREHOUSE"]

    init(_ request: DAGTestRequest) {
        var environment = request.environment
        exchangeURL = request.exchangeURL
        var url = Self.names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        var problem: String?
        if url == nil {
            do {
                url = try Self.url(request.database)
                environment[Self.names[0]] = url
            } catch {
                problem = "there is no database: \(error)"
            }
        }
        let settings = url.flatMap { try? PostgresSettings(url: $0) }
        pool = settings.map {
            PostgresPool($0, options: PostgresPoolOptions(maxConnections: 6, connectPatience: .zero))
        }
        if settings == nil, problem == nil { problem = "the connection warehouse cannot be read" }
        if request.database.url == nil, request.exchangeURL == nil,
            let home = try? CryptoflowHome(path: request.database.home), (try? HomeState.load(home))?.feed == .recorded
        {
            problem = "this home holds recorded market data: name the exchange that speaks it with --exchange-url"
        }
        self.problem = problem
        self.environment = environment
    }

    private static func url(_ target: DatabaseTarget) throws -> String {
        let address = try DatabaseAddress.resolve(target)
        guard let home = try? CryptoflowHome(path: target.home),
            let password = home.readSecret(name: WarehouseAccess.secretName)
        else { return address.ownerURL }
        return try WarehouseAccess.role(password: password).url(ownerURL: address.ownerURL)
    }

    /// What market operators work with; the reason against it otherwise.
    func markets(_ http: HTTPClient) -> Result<MarketGateway, TaskFailure> {
        guard let pool, problem == nil else {
            return .failure(TaskFailure(problem ?? "there is no database", isRetryable: false))
        }
        return .success(
            MarketGateway(pool: pool, http: http, baseURLs: exchangeURL.map { [.upbit: $0] } ?? [:]))
    }
}
