import CivilTime
import DAGModel
import RunStore
import Testing

@Suite("pool") struct PoolCommandTests {
    private static let holder = PoolHolder(
        dag: DAGID("d"), runID: "r", task: TaskID("t"), mapIndex: -1, slots: 3, since: CommandLineHarness.now)

    private static func history() -> FakeHistory {
        FakeHistory {
            $0.pools = [
                "default_pool": PoolUse(name: "default_pool", slots: 128, holders: []),
                "upbit": PoolUse(name: "upbit", slots: 4, holders: [holder], description: "requests"),
            ]
        }
    }

    @Test("lists pools with what is taken")
    func list() async throws {
        let outcome = await CommandLineHarness.run("pool", "list", "--output", "json", history: Self.history())
        #expect(outcome.json.arrayValue?.last?["name"] == "upbit")
        #expect(outcome.json.arrayValue?.last?["occupied_slots"] == 3)
        #expect(outcome.json.arrayValue?.last?["open_slots"] == 1)
        let text = await CommandLineHarness.run("pool", "list", history: Self.history())
        #expect(text.outputLines.last == "upbit             4      3     1  requests")
    }

    @Test("sets slots, none and no limit among them, and keeps the description")
    func set() async throws {
        let history = Self.history()
        for (slots, text) in [("8", "8 slots; 3 taken"), ("0", "no slots: its tasks wait; 3 taken")] {
            let outcome = await CommandLineHarness.run("pool", "set", "upbit", slots, history: history)
            #expect(outcome.output == "pool upbit has \(text)\n")
        }
        let outcome = await CommandLineHarness.run("pool", "set", "upbit", "-1", "-o", "json", history: history)
        #expect(outcome.json["slots"] == -1)
        #expect(outcome.json["description"] == "requests")
    }

    @Test("refuses what cannot be", arguments: [["upbit", "-2"], ["", "1"], ["upbit", "many"]])
    func refused(arguments: [String]) async throws {
        let outcome = await CommandLineHarness.run(
            "pool", "set", arguments[0], arguments[1], history: Self.history())
        #expect(outcome.code == 2)
    }

    @Test("removes a pool in use, but neither the default one nor one that is not there")
    func delete() async throws {
        let history = Self.history()
        let gone = await CommandLineHarness.run("pool", "delete", "upbit", history: history)
        #expect(gone.output.contains("1 that runs in it goes on"))
        #expect(history.read { $0.pools["upbit"] } == nil)
        let kept = await CommandLineHarness.run("pool", "delete", "default_pool", history: history)
        #expect(kept.code == 1)
        #expect(kept.errors.contains("cannot be removed"))
        let unknown = await CommandLineHarness.run("pool", "delete", "defalt_pool", history: history)
        #expect(unknown.errors.contains("Did you mean \"default_pool\"?"))
    }
}
