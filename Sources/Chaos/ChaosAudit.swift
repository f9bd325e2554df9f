import PostgresClient

/// What the tasks wrote themselves, beside what the history says.
struct ChaosAudit {
    /// What a try wrote.
    private struct Journal {
        var begins: [Int64] = []
        var ends: [Int64] = []
    }

    /// A try of the history.
    private struct Attempt {
        let id: Int64
        let instance: String
        let state: String
        let reason: String
    }

    private(set) var attempts = 0
    private(set) var lost: [String] = []
    private(set) var doubled: [String] = []
    private(set) var overlapping: [String] = []
    private(set) var unexplained: [String] = []
    /// Tries that the history calls lost: each was done again.
    private(set) var madeUpFor = 0

    var violations: [String] { lost + doubled + overlapping + unexplained }

    /// - Parameter journal: lines `begin ATTEMPT PID NANOSECONDS` and `end …`.
    init(journal: String, history: PostgresConnection) async throws {
        var written: [Int64: Journal] = [:]
        for line in journal.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let attempt = Int64(words[1]), let time = Int64(words[3]) else {
                unexplained.append("the journal has a line that no task writes: \(line)")
                continue
            }
            if words[0] == "begin" {
                written[attempt, default: Journal()].begins.append(time)
            } else {
                written[attempt, default: Journal()].ends.append(time)
            }
        }
        let rows = try await history.query(
            """
            SELECT attempt, dag_id || ' ' || run_id || ' ' || task_id, state, coalesce(reason, '')
            FROM flow.task_attempt ORDER BY dag_id, run_id, task_id, try_number
            """)
        var tries: [String: [Attempt]] = [:]
        for row in rows {
            let attempt = Attempt(
                id: try row.decode(0), instance: try row.decode(1), state: try row.decode(2), reason: try row.decode(3))
            tries[attempt.instance, default: []].append(attempt)
            attempts += 1
            judge(attempt, written.removeValue(forKey: attempt.id) ?? Journal())
        }
        for attempt in written.keys.sorted() { unexplained.append("attempt \(attempt) ran and is not in the history") }
        try judgeInstances(tries, journal: journal)
        try await judgeRuns(history)
    }

    private mutating func judge(_ attempt: Attempt, _ journal: Journal) {
        if journal.begins.count > 1 { doubled.append("attempt \(attempt.id) of \(attempt.instance) began twice") }
        switch attempt.state {
        case "success":
            if journal.ends.count != 1 {
                unexplained.append("\(attempt.instance) succeeded, its task wrote \(journal.ends.count) ends")
            }
        case "lost": madeUpFor += 1
        case "failed":
            if attempt.reason.isEmpty { unexplained.append("\(attempt.instance) failed without a reason") }
        default: lost.append("attempt \(attempt.id) of \(attempt.instance) is still \(attempt.state)")
        }
    }

    /// Tries of one task follow each other, and one of them succeeded.
    private mutating func judgeInstances(_ tries: [String: [Attempt]], journal: String) throws {
        var begins: [Int64: Int64] = [:]
        var ends: [Int64: Int64] = [:]
        for line in journal.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let attempt = Int64(words[1]), let time = Int64(words[3]) else { continue }
            if words[0] == "begin" { begins[attempt] = time } else { ends[attempt] = time }
        }
        for (instance, attempts) in tries.sorted(by: { $0.key < $1.key }) {
            if attempts.count(where: { $0.state == "success" }) > 1 { doubled.append("\(instance) succeeded twice") }
            for (before, after) in zip(attempts, attempts.dropFirst()) {
                guard let end = ends[before.id], let begin = begins[after.id], begin < end else { continue }
                overlapping.append("\(instance): attempt \(after.id) began before \(before.id) ended")
            }
            let isLostTooOften = attempts.last?.reason.contains("times in a row") ?? false
            if attempts.last?.state != "success", attempts.last?.state != "lost" || !isLostTooOften {
                if attempts.count(where: { $0.state == "lost" }) < 3 {
                    lost.append("\(instance) did not succeed: \(attempts.last?.reason ?? "")")
                }
            }
        }
    }

    private mutating func judgeRuns(_ history: PostgresConnection) async throws {
        let open = try await history.query(
            """
            SELECT dag_id || ' ' || run_id || ' is ' || state FROM flow.dag_run WHERE state NOT IN ('success', 'failed')
            UNION ALL
            SELECT 'command ' || id || ' has no outcome' FROM flow.command WHERE finished_at IS NULL
            UNION ALL
            SELECT 'backfill ' || id || ' made ' || created + skipped || ' of ' || total || ' runs' FROM flow.backfill
            WHERE created + skipped <> total
            """)
        for row in open { lost.append(try row.decode(0)) }
    }
}
