import PostgresClient
import Testing

@Suite("Settings") struct SettingsTests {
    @Test("a URL gives every setting")
    func url() throws {
        let settings = try PostgresSettings(
            url:
                "postgresql://al%40ice:p%3Aw%2Fd@db.example:6543/crypto?application_name=me&connect_timeout=3&sslmode=require"
        )
        #expect(settings.user == "al@ice")
        #expect(settings.password == "p:w/d")
        #expect(settings.host == "db.example")
        #expect(settings.port == 6543)
        #expect(settings.database == "crypto")
        #expect(settings.applicationName == "me")
        #expect(settings.connectTimeout == .seconds(3))
        #expect(settings.options == ["sslmode": "require"])
    }

    @Test("the host may be the directory of a Unix socket")
    func socket() throws {
        let settings = try PostgresSettings(url: "postgresql:///crypto?host=/run/postgresql&user=bob")
        #expect(settings.host == "/run/postgresql")
        #expect(settings.redactedDescription == "bob@[socket /run/postgresql]/crypto")
        #expect(settings.isLocal)
        #expect(try PostgresSettings(url: "host=/tmp dbname=x").database == "x")
    }

    @Test("the password is in no description")
    func redaction() throws {
        let settings = try PostgresSettings(url: "postgresql://alice:hunter2@db:5432/crypto")
        #expect(settings.redactedDescription == "alice@db:5432/crypto")
        #expect(!settings.isLocal)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(settings)", String(reflecting: settings), dumped, "\([settings])"] {
            #expect(!text.contains("hunter2"))
        }
    }

    @Test(
        "a wrong URL is explained without repeating it",
        arguments: [
            ("mysql://hunter2@db", "postgresql://"), ("postgresql://a:hunter2@db:port/x", "port"),
            ("postgresql://a:hunter2@[db/x", "malformed"), ("postgresql://a:hunter2%zz@db/x", "malformed"),
            ("postgresql://a:hunter2@db/x?colour=red", "“colour”"),
            ("postgresql://a:hunter2@db/x?connect_timeout=hunter2", "connect_timeout"),
            ("postgresql://a:hunter2@db:99999/x", "port"),
        ])
    func wrongURL(url: String, expected: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresSettings(url: url) }
        let text = try #require(error).description
        #expect(text.contains(expected))
        #expect(!text.contains("hunter2"))
        #expect(error?.kind == .settings)
    }
}
