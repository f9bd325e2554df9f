import DAGModel
import FoundationEssentials
import Glibc
import PostgresClient
import Testing

@Suite("backups", .timeLimit(.minutes(3))) struct BackupTests {
    @Test("a backup of a home that runs is restored in its place and elsewhere; what was there is kept")
    func backup() async throws {
        try await Scratch.with { scratch in
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--no-stream")
            try await program.line(containing: "CryptoFlow is at")
            let database = try await scratch.database()
            let file = scratch.folder + "/flow.dump"
            try await database.wait("SELECT count(*) > 3 FROM dag")
            try await mark(database, "before")
            let written = try await scratch.cryptoflow("db", "backup", file)
            #expect(written.output.hasPrefix("wrote \(file), "))
            var facts = stat()
            try #require(stat(file, &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o600)
            #expect(try await scratch.cryptoflow("db", "backup", file, code: nil).code == 1, "it overwrites nothing")
            try await mark(database, "after")
            try await leavesPasswordAlone(database, scratch)

            let busy = try await scratch.cryptoflow("db", "restore", file, "--replace", code: 1)
            #expect(busy.errors.contains("is in use"))
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)

            let refused = try await scratch.cryptoflow("db", "restore", file, code: 1)
            #expect(refused.errors.contains("holds a history: say --replace"))
            let restored = try await scratch.cryptoflow("db", "restore", file, "--replace")
            #expect(restored.output.contains("is kept as cryptoflow_recorded_before_"))

            // A backup of what was restored starts the database for it.
            let second = scratch.folder + "/again.dump"
            try await scratch.cryptoflow("db", "backup", second)
            let again = try scratch.standalone("--feed", "recorded", "--no-fill", "--no-stream")
            try await again.line(containing: "scheduler  leading")
            let after = try await scratch.database()
            #expect(try await marks(after) == "before")
            #expect(try await after.value("SELECT count(*) > 3 FROM dag") == "true")
            again.signal(SIGTERM)
            #expect(try await again.end() == 0)
        }
    }

    @Test("a new home takes over a backup with its feed; a file that is none changes nothing")
    func newHome() async throws {
        try await Scratch.with { scratch in
            let text = try scratch.write("hello", to: "text")
            #expect(
                try await scratch.cryptoflow("db", "restore", text, code: 1).errors.contains("is not a backup"))
            let broken = try scratch.write("PGDMP and then nothing of sense", to: "broken.dump")
            #expect(
                try await scratch.cryptoflow("db", "restore", broken, code: 1).errors.contains("does not tell whether"))

            // Nothing is left of a home that was made for it.
            let none = scratch.folder + "/none"
            let refused = try await scratch.start("cryptoflow", ["db", "restore", broken, "--home", none]).finish()
            #expect(refused.code == 1 && refused.errors.contains("does not tell whether"), "\(refused)")
            #expect(!FileManager.default.fileExists(atPath: none))

            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--no-stream")
            try await program.line(containing: "CryptoFlow is at")
            try await mark(try await scratch.database(), "first home")
            let status = try await scratch.cryptoflow("db", "status", "--output", "json")
            #expect(try JSONValue(parsing: status.output)["is_current"] == true)
            let check = try await scratch.cryptoflow("config", "check", "--dags", scratch.folder, code: nil)
            #expect(check.output.contains("the leading scheduler reads "))
            let file = scratch.folder + "/flow.dump"
            try await scratch.cryptoflow("db", "backup", file)
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)

            let other = scratch.folder + "/other"
            let restored = try scratch.start("cryptoflow", ["db", "restore", file, "--home", other])
            #expect(try await restored.finish().output.contains("restored \(file)"))
            let moved = try scratch.start("cryptoflow", ["standalone", "--home", other, "--port", "0", "--no-stream"])
            try await moved.line(containing: "CryptoFlow is at")
            let url = try await scratch.start("cryptoflow", ["db", "url", "--home", other]).finish().output
            #expect(try await marks(Database(url: String(url.prefix { $0 != "\n" }))) == "first home")
            moved.signal(SIGTERM)
            #expect(try await moved.end() == 0)
        }
    }

    /// Where another way in is given, the role's password is somebody else's business.
    private func leavesPasswordAlone(_ database: Database, _ scratch: Scratch) async throws {
        // Salted anew whenever it is set.
        let password = "SELECT rolpassword FROM pg_authid WHERE rolname = 'cryptoflow_warehouse'"
        let before = try await database.value(password)
        try await scratch.cryptoflow("db", "migrate", environment: ["CRYPTOFLOW_CONN_WAREHOUSE": database.url])
        #expect(try await database.value(password) == before)
        try await scratch.cryptoflow("db", "migrate")
        #expect(try await database.value(password) != before)
    }

    private func mark(_ database: Database, _ text: String) async throws {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: database.url))
        _ = try await connection.query("INSERT INTO audit_log (actor, action) VALUES ('test', $1)", [text])
        await connection.close()
    }

    private func marks(_ database: Database) async throws -> String {
        try await database.value("SELECT string_agg(action, ',') FROM audit_log WHERE actor = 'test'")
    }
}
