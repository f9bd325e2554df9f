import Testing

@testable import Execution

@Suite("Connections")
struct ConnectionTests {
    private let connections = Connections(
        environment: [
            "CRYPTOFLOW_CONN_DB": "postgres://me:p%40ss@db.example:5433/x?sslmode=require",
            "AIRFLOW_CONN_DB": "postgres://other@elsewhere/y",
            "AIRFLOW_CONN_API":
                #"{"conn_type": "http", "host": "api.example", "schema": "https", "port": 8443, "login": "a:b", "password": "c/d"}"#,
            "AIRFLOW_CONN_BAD": "nonsense",
            "AIRFLOW_CONN_EMPTY": #"{"host": "x"}"#,
            "OTHER": "x",
        ], builtIn: ["warehouse": "postgresql://warehouse@/cryptoflow?host=/run/x"])

    @Test("our variables win over Airflow's, and those over the built-in ones")
    func order() throws {
        let connection = try connections.connection("db")
        #expect(connection.url == "postgresql://me:p%40ss@db.example:5433/x?sslmode=require")
        #expect(connection.scheme == "postgresql")
        #expect(connections.isBuiltIn("warehouse") && !connections.isBuiltIn("db"))
        let replaced = Connections(
            environment: ["AIRFLOW_CONN_WAREHOUSE": "postgres://x@y/z"], builtIn: ["warehouse": "postgresql://a@b/c"])
        #expect(try replaced.connection("warehouse").url == "postgresql://x@y/z")
        #expect(!replaced.isBuiltIn("warehouse"))
    }

    @Test("Airflow's JSON form becomes a URL")
    func json() throws {
        #expect(try connections.connection("api").url == "https://a%3Ab:c%2Fd@api.example:8443")
    }

    @Test("a description shows no secret")
    func masked() throws {
        #expect(try connections.connection("db").masked == "postgresql://me:***@db.example:5433/x")
        #expect(try connections.connection("warehouse").masked == "postgresql://warehouse@/cryptoflow")
        #expect(try connections.connection("api").masked == "https://a%3Ab:***@api.example:8443")
    }

    @Test("an unknown id names the known ones, and a bad value its variable but not its text")
    func errors() {
        #expect { try connections.connection("warehous") } throws: {
            let text = "\($0)"
            return text.contains("known: api, bad, db, empty, warehouse; did you mean \"warehouse\"?")
                && text.contains("CRYPTOFLOW_CONN_WAREHOUS")
        }
        #expect { try connections.connection("bad") } throws: { !"\($0)".contains("nonsense") }
        #expect { try connections.connection("empty") } throws: { "\($0)".contains("AIRFLOW_CONN_EMPTY") }
    }
}
