import CivilTime
import FoundationEssentials
import Testing
import Timetables

/// Cases collected from other cron implementations; expected values are those croniter 7 and cronsim 2.8 agree on.
///
/// A row of kind `differ` records what each of them answers where they do not.
struct CronVector: Decodable, Sendable, CustomTestStringConvertible {
    enum Answer: Decodable, Sendable, Equatable {
        case times([String])
        case refused(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .refused(text)
            } else {
                self = .times(try container.decode([String].self))
            }
        }
    }

    let id: String
    let kind: String
    let expr: String
    let tz: String?
    let start: String?
    let next: [String]?
    let prev: [String]?
    let answers: [String: Answer]?
    let tags: [String]

    var testDescription: String { "\(id) \(expr)" }

    static func load(_ kind: String) -> [CronVector] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/cron.jsonl")
        guard let data = try? Data(contentsOf: file) else { return [] }
        return data.split(separator: UInt8(ascii: "\n"))
            .compactMap { try? JSONDecoder().decode(CronVector.self, from: Data($0)) }
            .filter { $0.kind == kind }
    }

    func schedule(_ policy: DSTPolicy = .debian) throws -> CronSchedule {
        let zone = try #require(tz)
        return try CronSchedule(parsing: expr, zone: TimeZoneRules(named: zone), policy: policy)
    }

    /// The first `count` times after the start (before it), each asked for from the one found last.
    func times(_ schedule: CronSchedule, count: Int, backward: Bool = false) throws -> [String] {
        let text = try #require(start)
        var cursor = try #require(Timestamp(iso8601: text))
        var found: [String] = []
        while found.count < count,
            let fire = backward ? schedule.previousFire(before: cursor) : schedule.nextFire(after: cursor)
        {
            found.append(fire.iso8601(in: schedule.zone))
            cursor = fire
        }
        return found
    }
}

@Suite("Cron, other implementations' cases")
struct CronVectorTests {
    @Test("the fixture is whole")
    func fixture() {
        let kinds = ["next", "prev", "never", "invalid", "extension", "differ"]
        #expect(kinds.map { CronVector.load($0).count }.reduce(0, +) == 414)
    }

    @Test("next times are those the peers agree on", arguments: CronVector.load("next"))
    func next(row: CronVector) throws {
        let expected = try #require(row.next)
        #expect(try row.times(row.schedule(), count: expected.count) == expected)
    }

    @Test("previous times are those the peers agree on", arguments: CronVector.load("prev"))
    func previous(row: CronVector) throws {
        let expected = try #require(row.prev)
        #expect(try row.times(row.schedule(), count: expected.count, backward: true) == expected)
    }

    @Test("a day that never comes is known and ends at once", arguments: CronVector.load("never"))
    func never(row: CronVector) throws {
        let schedule = try row.schedule()
        #expect(schedule.neverFires && schedule.expression.neverFires)
        #expect(try row.times(schedule, count: 1).isEmpty)
        #expect(try row.times(schedule, count: 1, backward: true).isEmpty)
    }

    @Test("what every peer rejects is rejected, with the field's name", arguments: CronVector.load("invalid"))
    func invalid(row: CronVector) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(parsing: row.expr) }
        #expect(error.description.contains("cron \""))
        let fieldCount = row.expr.split(separator: " ").count
        if fieldCount == 5 {
            let field = try #require(error.field)
            #expect(error.description.contains("\(field) field, column"))
        }
    }

    @Test(
        "extensions of single peers are rejected, except Airflow's @quarterly", arguments: CronVector.load("extension"))
    func extensions(row: CronVector) throws {
        if row.expr == "@quarterly" {
            #expect(try CronSchedule(parsing: row.expr).nextFire(after: .epoch)?.iso8601 == "1970-04-01T00:00:00Z")
        } else {
            #expect(throws: CronError.self) { try CronExpression(parsing: row.expr) }
        }
    }

    /// Where the peers differ by their syntax alone we take croniter's, so that what Airflow loads loads here; `5L` is
    /// taken besides `L5`, and the two unlike everything else are refused.
    @Test("where peers differ, the answer is that of the documented rule", arguments: CronVector.load("differ"))
    func differing(row: CronVector) throws {
        let answers = try #require(row.answers)
        let refused = ["* * * * * * 2030", "0 0 31W * *"]
        if refused.contains(row.expr) {
            #expect(throws: CronError.self) { try CronExpression(parsing: row.expr) }
            return
        }
        let bySyntax = ["SAT-SUN", "5-1", "DEC-FEB", "?", "*/10 * * * * *"]
        let peer = bySyntax.contains { row.expr.contains($0) } ? "croniter_7" : "vixie_debian_cronsim"
        guard case .times(let expected)? = answers[peer] else {
            Issue.record("no times from \(peer)")
            return
        }
        #expect(try row.times(row.schedule(), count: expected.count) == expected)
    }

    @Test("the policy named airflow gives Airflow's answers", arguments: CronVector.load("differ"))
    func airflow(row: CronVector) throws {
        guard case .times(let expected)? = row.answers?["airflow_3.3.2"] else { return }
        #expect(try row.times(row.schedule(.airflow), count: expected.count) == expected)
    }

    /// For these croniter's answers in a zone are "both passes", which the policy can express too.
    @Test("the overlap policy `both` gives croniter's and robfig's answers", arguments: CronVector.load("differ"))
    func bothPasses(row: CronVector) throws {
        guard row.tags.contains("dst-overlap"), case .times(let expected)? = row.answers?["croniter_7"] else { return }
        #expect(try row.times(row.schedule(DSTPolicy(overlap: .both)), count: expected.count) == expected)
    }
}
