import DAGModel
import Testing

@testable import SchedulerCore

/// Airflow's rules on three upstream tasks.
///
/// Source: Airflow 3, `TriggerRuleDep`.
@Suite("Trigger rules") struct TriggerRuleTests {
    private static func counts(_ letters: String) -> UpstreamCounts {
        var counts = UpstreamCounts()
        counts.total = letters.count
        for letter in letters {
            switch letter {
            case "s": counts.count(.success)
            case "f": counts.count(.failed)
            case "u": counts.count(.upstreamFailed)
            case "k": counts.count(.skipped)
            default: break
            }
        }
        return counts
    }

    /// Letters: s success, f failed, u upstream failed, k skipped, a dot still open; then r ready, k skipped, w waits.
    @Test(
        "decide as Airflow's do",
        arguments: [
            (TriggerRule.allSuccess, "sss:r ss.:w sf.:u su.:u sk.:k kkk:k fkk:u :r"),
            (.allFailed, "fff:r fuu:r ff.:w s..:k k..:k :r"),
            (.allDone, "sfk:r sf.:w uuu:r :r"),
            (.allDoneMinOneSuccess, "sfk:r fff:u kkk:k fk.:w skk:r :r"),
            (.allDoneSetupSuccess, "sfk:r sf.:w"),
            (.allSkipped, "kkk:r kk.:w s..:k f..:k u..:k"),
            (.oneFailed, "f..:r u..:r s..:w sss:k kks:k :r"),
            (.oneSuccess, "s..:r f..:w fff:u kkk:k fkk:u uuu:u :r"),
            (.oneDone, "s..:r f..:r u..:w k..:w kku:k :r"),
            (.noneFailed, "ssk:r s..:w f..:u u..:u kkk:r :r"),
            (.noneFailedMinOneSuccess, "ssk:r s..:w f..:u kkk:k kks:r :r"),
            (.noneSkipped, "sff:r s..:w k..:k uuu:r :r"),
            (.always, "...:r :r fff:r"),
        ] as [(TriggerRule, String)])
    func table(rule: TriggerRule, cases: String) {
        for one in cases.split(separator: " ") {
            let parts = one.split(separator: ":", omittingEmptySubsequences: false)
            let expected: TriggerDecision =
                switch parts[1] {
                case "r": .ready
                case "k": .skip
                case "u": .upstreamFailed
                default: .wait
                }
            #expect(
                TriggerDecision(rule, Self.counts(String(parts[0]))) == expected, "\(rule.rawValue) of \(parts[0])")
        }
    }

    @Test("are all here") func complete() {
        #expect(TriggerRule.allCases.count == 13)
    }
}
