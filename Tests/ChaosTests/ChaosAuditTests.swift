import Testing

@testable import Chaos

@Suite("audit of chaos") struct ChaosAuditTests {
    private func audit(_ journal: String, _ tries: [ChaosAudit.Attempt], open: [String] = []) -> ChaosAudit {
        ChaosAudit(TaskJournal(journal), tries: tries, open: open)
    }

    private func attempt(
        _ id: Int64, _ state: String = "success", of instance: String = "d r t", reason: String = ""
    ) -> ChaosAudit.Attempt {
        ChaosAudit.Attempt(id: id, instance: instance, state: state, reason: reason)
    }

    @Test("finds nothing where a lost try was made up for")
    func good() {
        let audit = audit(
            "begin 1 10 100\nbegin 2 11 300\nend 2 11 400\n", [attempt(1, "lost", reason: "killed"), attempt(2)])
        #expect(audit.violations == [] && audit.attempts == 2 && audit.madeUpFor == 1)
    }

    @Test(
        "finds what is wrong",
        arguments: [
            ("begin 1 10 100\nbegin 1 12 150\nend 1 10 200", "attempt 1 of d r t began twice"),
            ("begin 1 10 100", "d r t succeeded, and its task wrote 0 ends"),
            ("begin 1 10 100\nend 1 10 200\nbegin 9 10 300", "attempt 9 ran and is not in the history"),
            ("begin 1 10 100\nend 1 10 200\nhello", "the journal has a line that no task writes: hello"),
        ])
    func wrong(journal: String, problem: String) {
        #expect(audit(journal, [attempt(1)]).violations == [problem])
    }

    @Test("finds tries of one task that ran at the same time, and one that succeeded twice")
    func overlap() {
        let journal = "begin 1 10 100\nbegin 2 11 150\nend 1 10 200\nend 2 11 300"
        let audit = audit(journal, [attempt(1, "lost", reason: "killed"), attempt(2)])
        #expect(audit.overlapping == ["d r t: attempt 2 began before 1 ended"])
        let twice = self.audit("begin 1 1 1\nend 1 1 2\nbegin 2 1 3\nend 2 1 4", [attempt(1), attempt(2)])
        #expect(twice.doubled == ["d r t succeeded twice"])
    }

    @Test("finds what was lost, but not what was lost three times in a row")
    func lost() {
        let reason = "killed"
        #expect(audit("", [attempt(1, "running")]).lost.count == 2)
        #expect(audit("", [], open: ["d r is running"]).lost == ["d r is running"])
        #expect(audit("", [attempt(1, "lost", reason: reason)]).lost == ["d r t did not succeed: lost, killed"])
        let thrice = audit("", (1...3).map { attempt($0, "lost", reason: reason) })
        #expect(thrice.violations == [] && thrice.givenUp == 1)
        #expect(audit("", [attempt(1, "failed")]).unexplained == ["attempt 1 of d r t failed without a reason"])
    }
}
