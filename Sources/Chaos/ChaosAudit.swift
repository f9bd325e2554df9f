import PostgresClient

/// The journal of the tasks beside the history: what was lost, done twice, done at the same time, or cannot be explained.
package struct ChaosAudit: Sendable {
    /// A try as the history has it.
    struct Attempt {
        let id: Int64
        /// The task of which run.
        let instance: String
        let state: String
        let reason: String
    }

    package private(set) var attempts = 0
    /// Tries that the history calls lost; each was made up for.
    package private(set) var madeUpFor = 0
    /// Tasks that failed because their tries were lost three times in a row, as documented.
    package private(set) var givenUp = 0
    package private(set) var lost: [String] = []
    package private(set) var doubled: [String] = []
    package private(set) var overlapping: [String] = []
    package private(set) var unexplained: [String] = []

    package var violations: [String] { lost + doubled + overlapping + unexplained }

    /// - Parameters:
    ///   - tries: in the order of their numbers.
    ///   - open: what is not done, in words.
    init(_ journal: TaskJournal, tries: [Attempt], open: [String]) {
        unexplained = journal.strangeLines.map { "the journal has a line that no task writes: \($0)" }
        lost = open
        attempts = tries.count
        let known = Set(tries.map(\.id))
        for id in journal.entries.keys.sorted() where !known.contains(id) {
            unexplained.append("attempt \(id) ran and is not in the history")
        }
        for attempt in tries { judge(attempt, journal.entries[attempt.id] ?? TaskJournal.Entry()) }
        let instances = Dictionary(grouping: tries, by: \.instance)
        for (_, tries) in instances.sorted(by: { $0.key < $1.key }) { judge(tries, journal) }
    }

    /// Reads the whole history of `database`.
    ///
    /// - Parameter unexplained: what the programs did that nothing explains.
    init(_ journal: TaskJournal, history database: PostgresConnection, unexplained: [String]) async throws {
        let tries = try await database.query(
            """
            SELECT attempt, dag_id || ' ' || run_id || ' ' || task_id, state, coalesce(reason, '')
            FROM flow.task_attempt ORDER BY dag_id, run_id, task_id, try_number
            """)
        let open = try await database.query(
            """
            SELECT dag_id || ' ' || run_id || ' is ' || state FROM flow.dag_run WHERE state NOT IN ('success', 'failed')
            UNION ALL
            SELECT 'command ' || id || ' has no outcome' FROM flow.command WHERE finished_at IS NULL
            UNION ALL
            SELECT 'backfill ' || id || ' made ' || created + skipped || ' of ' || total || ' runs' FROM flow.backfill
            WHERE created + skipped <> total
            UNION ALL
            SELECT dag_id || ' ' || run_id || ' succeeded without ' || (task_count - done) || ' of its tasks'
            FROM (SELECT r.dag_id, r.run_id, r.state, d.task_count,
                      (SELECT count(*) FROM flow.task_instance AS t WHERE t.run_key = r.run_key AND t.state = 'success') AS done
                  FROM flow.dag_run AS r JOIN flow.dag AS d USING (dag_id)) AS run
            WHERE state = 'success' AND done < task_count
            """)
        self.init(
            journal,
            tries: try tries.map {
                Attempt(
                    id: try $0.decode(0), instance: try $0.decode(1), state: try $0.decode(2),
                    reason: try $0.decode(3))
            }, open: try open.map { try $0.decode(0) })
        self.unexplained += unexplained
    }

    private mutating func judge(_ attempt: Attempt, _ entry: TaskJournal.Entry) {
        if entry.begins.count > 1 { doubled.append("attempt \(attempt.id) of \(attempt.instance) began twice") }
        switch attempt.state {
        case "success" where entry.ends.count != 1:
            unexplained.append("\(attempt.instance) succeeded, and its task wrote \(entry.ends.count) ends")
        case "success": break
        case "lost": madeUpFor += 1
        case "failed" where attempt.reason.isEmpty:
            unexplained.append("attempt \(attempt.id) of \(attempt.instance) failed without a reason")
        case "failed": break
        default: lost.append("attempt \(attempt.id) of \(attempt.instance) is still \(attempt.state)")
        }
    }

    /// The tries of one task follow each other, and the last succeeded.
    private mutating func judge(_ tries: [Attempt], _ journal: TaskJournal) {
        guard let last = tries.last else { return }
        if tries.count(where: { $0.state == "success" }) > 1 { doubled.append("\(last.instance) succeeded twice") }
        for (before, after) in zip(tries, tries.dropFirst()) {
            guard let end = journal.entries[before.id]?.ends.last, let begin = journal.entries[after.id]?.begins.first,
                begin < end
            else { continue }
            overlapping.append("\(last.instance): attempt \(after.id) began before \(before.id) ended")
        }
        if last.state == "success" { return }
        if tries.count >= 3, tries.suffix(3).allSatisfy({ $0.state == "lost" }) {
            givenUp += 1
        } else {
            lost.append("\(last.instance) did not succeed: \(last.state), \(last.reason)")
        }
    }
}
