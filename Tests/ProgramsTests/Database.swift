import FoundationEssentials
import PostgresClient
import Testing

/// The database of a home, as psql would see it.
struct Database: Sendable {
    let url: String

    /// Runs statements on a connection of their own.
    ///
    /// The first column of the last one, as texts; NULL is "".
    @discardableResult
    func column(_ sql: String) async throws -> [String] {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        do {
            let rows = try await connection.query("SELECT coalesce(value::text, '') FROM (\(sql)) AS list (value)")
            let values = try rows.map { try $0.decode(0, as: String.self) }
            await connection.close()
            return values
        } catch {
            await connection.close()
            throw error
        }
    }

    /// The only value of a query.
    func value(_ sql: String) async throws -> String {
        try await column(sql).first ?? ""
    }

    /// Waits until a query answers this.
    ///
    /// A database that is away for a moment is asked again.
    func wait(for expected: String = "true", _ sql: String) async throws {
        var last = "nothing"
        while true {
            do {
                last = try await value(sql)
                if last == expected { return }
            } catch let error as PostgresError {
                last = "\(error)"
            }
            do {
                try await Task.sleep(for: .milliseconds(50))  // check: allow, another process writes the rows
            } catch {
                Issue.record("waited in vain for \(expected) from: \(sql); it was \(last)")
                throw error
            }
        }
    }
}

extension Scratch {
    /// The home's database; there is one from the first start on.
    ///
    /// One that was killed a moment ago is waited for.
    func database() async throws -> Database {
        while true {
            let result = try await cryptoflow("db", "url", code: nil)
            if result.code == 0 { return Database(url: String(result.output.prefix { $0 != "\n" })) }
            guard result.errors.contains("No database is running") else {
                Issue.record("`cryptoflow db url` ended with \(result.code): \(result.errors)")
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(50))  // check: allow, another process starts it again
        }
    }
}
