import FoundationEssentials
import PostgresClient
import Testing

@Suite("Migrations", .timeLimit(.minutes(1))) struct MigratorTests {
    /// A directory of files that is gone at the end.
    private func withDirectory(
        _ files: [String: String], _ body: (URL) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("migrations-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        try await body(directory)
    }

    private let two = [
        "0001_tables.sql": "CREATE TABLE a (id int);\nCREATE TABLE b (id int);",
        "0002_more.sql": "INSERT INTO a VALUES (1)",
        "README.md": "not a migration",
    ]

    @Test("pending migrations are applied once, in order")
    func apply() async throws {
        let connection = try await freshConnection()
        try await withDirectory(two) { directory in
            let migrator = try Migrator(directory: directory)
            let before = try await migrator.status(connection)
            #expect(before.applied.isEmpty)
            #expect(before.pending.map(\.fileName) == ["0001_tables.sql", "0002_more.sql"])
            let applied = try await migrator.migrate(connection)
            #expect(applied.map(\.name) == ["tables", "more"])
            #expect(try await connection.query("SELECT count(*) FROM a")[0].decode(0) == 1)
            #expect(try await migrator.migrate(connection).isEmpty)
            let after = try await migrator.status(connection)
            #expect(after.isCurrent)
            #expect(after.applied == applied)
            #expect(after.applied.map(\.checksum) == before.pending.map(\.checksum))
            try await migrator.ensureCurrent(connection)
        }
    }

    @Test("the checksum is SHA-256")
    func checksum() async throws {
        try await withDirectory(["0001_a.sql": "abc"]) { directory in
            let migration = try #require(try Migration.read(directory: directory).first)
            #expect(migration.checksum == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        }
    }

    @Test("a program that only checks names what is missing")
    func ensureCurrent() async throws {
        let connection = try await freshConnection()
        try await withDirectory(two) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).ensureCurrent(connection)
            }
            #expect(
                error?.description == "the database is empty and lacks 0001_tables.sql and 1 more: "
                    + "apply the migrations before starting this program")
        }
    }

    @Test("programs that migrate at the same time do it once")
    func concurrent() async throws {
        let settings = try await TestCluster.shared.newDatabase()
        try await withDirectory(two) { directory in
            let migrator = try Migrator(directory: directory)
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await migrator.migrate(try await PostgresConnection.connect(settings)).count }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.sorted() == [0, 0, 0, 2])
        }
    }

    @Test("an edited file, a newer database and a changed table are each explained")
    func mismatches() async throws {
        let connection = try await freshConnection()
        try await withDirectory(two) { try await Migrator(directory: $0).migrate(connection) }
        try await withDirectory(["0001_tables.sql": two["0001_tables.sql"] ?? ""]) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).migrate(connection)
            }
            #expect(
                error?.description == "the database is of a newer version (0002), this program knows up to 0001: "
                    + "upgrade the program")
        }
        var edited = two
        edited["0002_more.sql"] = "INSERT INTO a VALUES (2)"
        try await withDirectory(edited) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).status(connection)
            }
            #expect(error?.description.hasPrefix("0002_more.sql was edited after it had been applied on 20") == true)
        }
        try await connection.execute("DELETE FROM schema_migration WHERE version = 1")
        try await withDirectory(two) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).ensureCurrent(connection)
            }
            #expect(error?.description.contains("has migration 0002 but not 0001") == true)
        }
    }

    @Test(
        "a wrong directory is explained by its file",
        arguments: [
            (["0001_a.sql", "0003_c.sql"], "0003_c.sql comes where number 0002 was expected"),
            (["0002_b.sql"], "0002_b.sql comes where number 0001 was expected"),
            (["0001_a.sql", "0001_b.sql"], "0001_a.sql and 0001_b.sql have the same number"),
            (["1_a.sql"], "1_a.sql is not a name for a migration"), (["0001_.sql"], "0001_.sql is not a name"),
            (["0001.sql"], "0001.sql is not a name"), (["tables.sql"], "tables.sql is not a name"),
        ])
    func wrongFiles(names: [String], expected: String) async throws {
        try await withDirectory(Dictionary(uniqueKeysWithValues: names.map { ($0, "SELECT 1") })) { directory in
            let error = #expect(throws: PostgresError.self) { try Migration.read(directory: directory) }
            #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
        }
    }

    @Test("an unreadable directory or file, and text that is not UTF-8, are explained")
    func unreadable() async throws {
        try await withDirectory([:]) { directory in
            let missing = #expect(throws: PostgresError.self) {
                try Migration.read(directory: directory.appendingPathComponent("missing"))
            }
            #expect(missing?.description.contains("cannot be read") == true)
            #expect(try Migration.read(directory: directory).isEmpty)
            let file = directory.appendingPathComponent("0001_a.sql")
            try Data([0x53, 0xFF]).write(to: file)
            let text = #expect(throws: PostgresError.self) { try Migration.read(directory: directory) }
            #expect(text?.description == "0001_a.sql is not UTF-8 text")
            try FileManager.default.removeItem(at: file)
            try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
            let folder = #expect(throws: PostgresError.self) { try Migration.read(directory: directory) }
            #expect(folder?.description.contains("0001_a.sql cannot be read") == true)
        }
    }

    @Test("a failing migration is taken back whole and named with its line; those before it stay")
    func failure() async throws {
        let connection = try await freshConnection()
        let files = [
            "0001_a.sql": "CREATE TABLE a (id int)",
            "0002_b.sql":
                "CREATE TABLE b (id int);\n-- ümlaut\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);",
        ]
        try await withDirectory(files) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).migrate(connection)
            }
            #expect(
                error?.description
                    == "0002_b.sql, line 4: relation \"nowhere\" does not exist (SQLSTATE 42P01)")
            #expect(error?.kind == .migration)
            let status = try await Migrator(directory: directory).status(connection)
            #expect(status.applied.map(\.version) == [1])
            #expect(try await connection.query("SELECT count(*) FROM a")[0].decode(0) == 0)
            let table: String? = try await connection.query("SELECT to_regclass('b')::text")[0].decode(0)
            #expect(table == nil)
        }
    }

    @Test("an error without a place in the text is named by its statement")
    func runtimeFailure() async throws {
        let connection = try await freshConnection()
        try await withDirectory(["0001_a.sql": "SELECT 1;\nSELECT 2;\nSELECT 1 / 0;"]) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).migrate(connection)
            }
            #expect(error?.description == "0001_a.sql, statement from line 3: division by zero (SQLSTATE 22012)")
        }
    }

    @Test("a migration that commits by itself is refused", arguments: ["COMMIT", "ROLLBACK", "COMMIT; BEGIN"])
    func ownCommit(statement: String) async throws {
        let connection = try await freshConnection()
        try await withDirectory(["0001_a.sql": "SELECT 1; \(statement); SELECT 2"]) { directory in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator(directory: directory).migrate(connection)
            }
            #expect(error?.description.contains("contains BEGIN, COMMIT or ROLLBACK") == true)
            let status = try await Migrator(directory: directory).status(connection)
            #expect(status.applied.isEmpty)
        }
    }

    @Test("schemas of one database are migrated independently, and a changed search path does no harm")
    func schemas() async throws {
        let connection = try await freshConnection()
        try await withDirectory(["0001_a.sql": "SET search_path TO nowhere; SELECT 1"]) { directory in
            for schema in ["public", "other one"] {
                let migrator = try Migrator(directory: directory, schema: schema)
                #expect(try await migrator.migrate(connection).count == 1)
                try await migrator.ensureCurrent(connection)
            }
        }
    }
}
