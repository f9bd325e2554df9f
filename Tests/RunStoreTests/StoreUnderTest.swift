import CivilTime
import Execution
import FoundationEssentials
import Logging
import PostgresClient
import RunStore
import TestDatabases
import TestSupport

/// The stores that the conformance suite runs on.
enum StoreKind: String, CaseIterable, Sendable, CustomStringConvertible {
    case memory, postgres

    var description: String { rawValue }
}

/// What every store is.
typealias AnyRunStore = RunStore & RunHistory & CommandQueue

/// Databases with all migrations applied, each a copy of one template.
enum HistoryDatabase {
    static let warehousePassword = "warehouse"

    /// A new database; the caller drops it.
    static func make() async throws -> (name: String, url: String) {
        let name = try await TestCluster.shared.makeDatabase(like: "run_history") { url in
            try await DatabaseSetup.prepare(
                ownerURL: url, warehousePassword: warehousePassword, migrationsDirectory: ProjectDatabase.migrations)
        }
        // A setting of the database is not copied from the template.
        try await TestCluster.shared.execute(
            "ALTER DATABASE \(name) SET search_path = flow, warehouse, history, public")
        return (name, try await TestCluster.shared.url(database: name))
    }

    /// Runs `body` on a store of its own in a database of its own.
    static func withStore(_ body: (PostgresRunStore, _ url: String) async throws -> Void) async throws {
        let (name, url) = try await make()
        let store = try PostgresRunStore(url: url, logger: Logger(label: "test.runstore"))
        do {
            try await body(store, url)
        } catch {
            await store.close()
            try? await TestCluster.shared.drop(database: name)
            throw error
        }
        await store.close()
        try await TestCluster.shared.drop(database: name)
    }

    /// Runs `body` on an empty store of either kind.
    static func withStore(_ kind: StoreKind, _ body: (any AnyRunStore) async throws -> Void) async throws {
        switch kind {
        case .memory: try await body(InMemoryRunStore())
        case .postgres: try await withStore { store, _ in try await body(store) }
        }
    }
}

extension LeaseHolder {
    static let first = LeaseHolder(host: "one", pid: 100, bootID: "boot", startTicks: .max)
    static let second = LeaseHolder(host: "two", pid: 200, bootID: "boot", startTicks: 7)
}

extension RunStore {
    /// Becomes leader whoever led before.
    func lead(_ holder: LeaseHolder = .first) async throws -> Int64 {
        let previous = try await currentLease()
        let lease = try await acquireLease(holder: holder, ttl: .seconds(600), provenDead: previous?.epoch)
        guard let lease else { throw RunStoreError.corrupt("no lease to be had") }
        return lease.epoch
    }
}
