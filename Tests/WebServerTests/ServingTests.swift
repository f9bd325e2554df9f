import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@testable import WebServer

@Suite("Serving", .timeLimit(.minutes(1)))
struct ServingTests {
    @Test(
        "this machine's own names are answered",
        arguments: [
            "127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST.", "[::1]:8080", "[::1]", "10.0.0.7:80",
        ])
    func ownHosts(host: String) {
        #expect(HostCheck(bound: "10.0.0.7", others: []).allows(host))
    }

    @Test(
        "other names are refused, since a page elsewhere may point its name here",
        arguments: [
            "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "127.0.0.1:80a", "", "[::1",
            "::1:80",
            "[::1]x", "127.0.0.1@evil.example", nil,
        ])
    func otherHosts(host: String?) async throws {
        #expect(!HostCheck(bound: "127.0.0.1", others: []).allows(host))
        #expect(try await TestSite(FakeHistory()).get("/health", host: host).status == 421)
    }

    @Test("names that were configured are answered")
    func configured() {
        #expect(HostCheck(bound: "0.0.0.0", others: ["flow.example"]).allows("Flow.example:8080"))
    }

    @Test(
        "every answer forbids framing, sniffing and code of others", arguments: ["/", "/health", "/style.css", "/none"])
    func headers(target: String) async throws {
        let reply = try await TestSite(FakeHistory()).get(target)
        let headers = Dictionary(uniqueKeysWithValues: reply.headers.map { ($0.name, $0.value) })
        let policy = try #require(headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(headers["X-Content-Type-Options"] == "nosniff")
        #expect(headers["Referrer-Policy"] == "no-referrer")
        #expect(headers["Cache-Control"] == (target == "/style.css" ? "max-age=300" : "no-store"))
    }

    @Test("pages hold no inline style or script, which the policy would block")
    func inline() async throws {
        let dag = Sample.dag("a")
        let run = Sample.run(dag, 1, state: .success)
        let history = FakeHistory(details: [Sample.detail(dag, runs: [run])], runDetails: [run])
        for target in ["/", "/dags/a", PageLink.run(dag.id, run.run.runID), "/backfills"] {
            let text = try await TestSite(history).get(target).text
            #expect(!text.contains("style=") && !text.contains("<style") && !text.contains("javascript:"))
        }
    }

    @Test("health is 200 with a database and a leader")
    func healthy() async throws {
        let reply = try await TestSite(FakeHistory(health: Sample.health())).get("/health")
        #expect(reply.status == 200)
        let json = try JSONValue(parsing: reply.text)
        #expect(json["status"] == "healthy")
        #expect(json["version"] == "1.2.3")
        #expect(json["database"]?["status"] == "healthy")
        #expect(json["database"]?["latency_ms"] != nil)
        #expect(json["scheduler"]?["status"] == "healthy")
        #expect(json["scheduler"]?["holder"] == "collector-1:4242")
        #expect(json["scheduler"]?["epoch"] == 12)
        #expect(json["scheduler"]?["lease_expires_at"] == .string((Sample.now + .seconds(9)).iso8601))
    }

    @Test("health is 503 without a leader")
    func leaderless() async throws {
        for health in [Sample.health(isAlive: false), FakeHistory().health] {
            let reply = try await TestSite(FakeHistory(health: health)).get("/health")
            #expect(reply.status == 503)
            let json = try JSONValue(parsing: reply.text)
            #expect(json["status"] == "unhealthy")
            #expect(json["database"]?["status"] == "healthy")
            #expect(json["scheduler"]?["status"] == "unhealthy")
        }
    }

    @Test("health is 503 without a database, also one that hangs")
    func databaseless() async throws {
        for history in [FakeHistory(failure: Outage()), FakeHistory(hangs: true)] {
            let reply = try await TestSite(history, patience: .milliseconds(20)).get("/health")
            #expect(reply.status == 503)
            let json = try JSONValue(parsing: reply.text)
            #expect(json["database"]?["status"] == "unhealthy")
            #expect(json["scheduler"]?["status"] == "unknown")
        }
    }

    @Test("a segment may hold an encoded slash; broken escapes are refused")
    func requests() throws {
        let request = try #require(
            PageRequest(method: .get, target: "/dags/a%2Fb/runs/x+y?try=2&q=a+b%26c&try=3", host: nil))
        #expect(request.segments == ["dags", "a/b", "runs", "x+y"])
        #expect(request.query == ["try": "2", "q": "a b&c"])
        for target in ["/%", "/%4", "/%zz", "/%ff", "", "http://x/", "/?q=%f"] {
            #expect(PageRequest(method: .get, target: target, host: nil) == nil)
        }
        #expect(request.number("try", in: 1...1, otherwise: 9) == 1)
        #expect(request.number("q", in: 1...5, otherwise: 4) == 4)
    }
}
