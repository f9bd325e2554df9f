import DAGModel
import Execution
import Glibc
import Testing

@Suite("Secrets") struct SecretMaskTests {
    private let environment = [
        "CRYPTOFLOW_CONN_DB": "postgresql://me:p%40ss%2Fword@db.example/market?sslmode=require&api_token=t0ken%21",
        "AIRFLOW_CONN_API":
            #"{"conn_type": "http", "host": "api.example", "password": "only-json", "extra": {"client": {"secret": ["deep-one"]}, "region": "seoul"}}"#,
        "AIRFLOW_CONN_OLD": #"{"conn_type": "ftp", "extra": "{\"private_key\": \"line\\nbreak\"}"}"#,
        "CRYPTOFLOW_CONN_BROKEN": "no address at all", "CRYPTOFLOW_VAR_UPBIT_API_KEY": "key-of-upbit",
        "AIRFLOW_VAR_SETTINGS": #"{"password": "in-a-setting", "place": "busan"}"#, "CRYPTOFLOW_VAR_PLACE": "Seoul",
        "PASSWORD": "not-ours",
    ]

    @Test(
        "are the passwords and secret options of connections, and variables with such names",
        arguments: [
            "p@ss/word", "p%40ss%2Fword", "t0ken!", "t0ken%21", "only-json", "deep-one", "line\nbreak", "line\\nbreak",
            "key-of-upbit", "in-a-setting",
        ])
    func covered(secret: String) {
        let mask = SecretMask(environment: environment)
        #expect(mask.masked("a \(secret), \(secret)") == "a ***, ***")
    }

    @Test(
        "are not what merely stands beside them", arguments: ["me", "require", "seoul", "busan", "Seoul", "not-ours"])
    func shown(word: String) {
        #expect(SecretMask(environment: environment).masked("at \(word)") == "at \(word)")
    }

    @Test("are covered wholly when one holds another, and in every part of a value")
    func values() {
        var mask = SecretMask()
        #expect(mask.masked("open") == "open")
        mask.cover("inner")
        mask.cover("the inner one")
        mask.cover("ab")
        #expect(mask.masked("ab: the inner one, inner") == "ab: ***, ***")
        let value: JSONValue = ["a": [1, "x inner y", nil], "inner": ["b": true, "c": "the inner one"]]
        #expect(mask.masked(value) == ["a": [1, "x *** y", nil], "***": ["b": true, "c": "***"]])
        #expect(mask.masked("") == "")
    }

    @Test("a warehouse's own password is covered like one from the environment")
    func warehouse() {
        let mask = SecretMask(environment: [:], warehouseURL: "postgresql://w:generated@localhost/x")
        #expect(mask.masked("generated") == "***")
    }
}

@Suite("Secrets of a try", .timeLimit(.minutes(1))) struct TrySecretTests {
    private let environment = ["CRYPTOFLOW_CONN_DB": "postgresql://me:p%40ss@db.example/market"]

    @Test("reach the operator, and are covered in the try's log and in the reason that the history keeps")
    func covered() async throws {
        let workshop = try Workshop(secrets: SecretMask(environment: environment))
        let readings = Readings(variables: ["wallet_token": "from-the-table"])
        let executor = workshop.executor(
            readings: readings, connections: Connections(environment: environment)
        ) { arguments in
            ClosureOperator { context in
                let given = arguments["a"]?.stringValue ?? ""
                context.log.info("given \(given)")
                throw TaskFailure("cannot use \(given)\(given == "p@ss from-the-table" ? ", as it should be" : "")")
            }
        }
        let launch = launch(arguments: ["a": .template("{{ conn.db.password }} {{ var.value.wallet_token }}")])
        let end = await executor.run(launch)
        #expect(end.reason == "cannot use *** ***, as it should be")
        let log = try String(decoding: workshop.rawLog(launch), as: UTF8.self)
        #expect(log.contains("given *** ***") && log.contains("failed: cannot use *** ***"), "\(log)")
        #expect(!log.contains("p@ss") && !log.contains("from-the-table"))
    }

    @Test("that a child writes are covered when its log is read, wherever a piece ends")
    func children() async throws {
        let workshop = try Workshop(secrets: SecretMask(environment: environment))
        let end = await workshop.shell("printf 'x p@ss y p@ss p@'").run(launch())
        #expect(end.state == .success)
        #expect(String(decoding: try workshop.rawLog(launch()), as: UTF8.self).contains("p@ss"))
        let reader = workshop.reader(launch())
        #expect(reader.tail().text == "x *** y *** p@")
        for limit in 8...20 {
            var text = ""
            var offset: Int64 = 0
            while true {
                let piece = reader.chunk(from: offset, limit: limit)
                guard piece.next > offset else { break }
                text += piece.text
                offset = piece.next
            }
            #expect(text == "x *** y *** p@", "pieces of \(limit)")
        }
    }

    @Test("that a child writes in two parts are covered for whoever reads meanwhile")
    func parts() async throws {
        let workshop = try Workshop(secrets: SecretMask(environment: environment))
        _ = await workshop.shell("printf 'x p@'").run(launch())
        let reader = workshop.reader(launch())
        let first = reader.chunk(from: 0, isGrowing: true)
        #expect(first.text == "x " && reader.chunk(from: first.next, isGrowing: true).next == first.next)
        let file = try #require(fopen(reader.path, "a"))
        fputs("ss y p@", file)
        fclose(file)
        let second = reader.chunk(from: first.next, isGrowing: true)
        #expect(second.text == "*** y ")
        #expect(reader.chunk(from: second.next).text == "p@")
    }
}
