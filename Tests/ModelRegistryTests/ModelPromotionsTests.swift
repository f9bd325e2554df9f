import ModelRegistry
import PostgresClient
import TestModels
import Testing

@Suite("Promoting models", .timeLimit(.minutes(1))) struct ModelPromotionsTests {
    @Test("rolling back undoes one promotion after the other, down to the naive forecast")
    func stack() async throws {
        try await RegistryDatabase.use { database in
            for name in ["a", "b", "c"] { try await database.add(TestModels.card(name)) }
            try await database.promoting { promotions in
                // A reason is a person's text, whatever it begins with.
                let first = try await promotions.promote("a", actor: "kim", reason: "rollback: of nothing")
                #expect(first?.replaced == nil && first?.modelName == "a")
                #expect(try await promotions.promote("b", actor: "kim", reason: "better")?.replacedName == "a")
                #expect(try await promotions.promote("b", actor: "kim", reason: "again") == nil)
                #expect(try await promotions.rollBack(actor: "lee", reason: "bad").modelName == "a")
                #expect(try await promotions.promote("c", actor: "kim", reason: "newer")?.replacedName == "a")
                #expect(try await promotions.rollBack(actor: "lee", reason: "bad").modelName == "a")
                let last = try await promotions.rollBack(actor: "lee", reason: "bad")
                #expect(last.model == nil && last.replacedName == "a" && last.isRollback)
                let error = await #expect(throws: ModelRegistryError.self) {
                    try await promotions.rollBack(actor: "lee", reason: "bad")
                }
                #expect(error?.description.contains("every promotion is undone") == true)
            }
            #expect(try await database.queries.inUse() == nil)
            #expect(
                try await database.queries.promotions().map { $0.modelName ?? "none" }
                    == ["none", "a", "c", "a", "b", "a"])
        }
    }

    @Test("the naive forecast can be put into use, and undone")
    func none() async throws {
        try await RegistryDatabase.use { database in
            try await database.add(TestModels.card("a"))
            try await database.promoting { promotions in
                #expect(try await promotions.promote(nil, actor: "kim", reason: "x") == nil)
                _ = try await promotions.promote("a", actor: "kim", reason: "x")
                #expect(try await promotions.promote(nil, actor: "kim", reason: "x")?.replacedName == "a")
                #expect(try await database.queries.inUse() == nil)
                #expect(try await promotions.rollBack(actor: "kim", reason: "x").modelName == "a")
            }
            let model = try #require(try await database.queries.inUse())
            #expect(model.name == "a" && model.isInUse && model.promotedAt != nil)
        }
    }

    @Test("with nothing promoted there is nothing to roll back")
    func nothing() async throws {
        try await RegistryDatabase.use { database in
            let error = await #expect(throws: ModelRegistryError.self) {
                try await database.promoting { try await $0.rollBack(actor: "kim", reason: "x") }
            }
            #expect(error?.description.contains("no model was ever promoted") == true)
        }
    }

    @Test("people's changes are in the audit log with who, what and why")
    func audit() async throws {
        try await RegistryDatabase.use { database in
            try await database.add(TestModels.card("a"))
            try await database.promoting { promotions in
                _ = try await promotions.promote("a", actor: "kim", reason: "looks \"good\"")
                _ = try await promotions.rollBack(actor: "lee", reason: "was not")
            }
            let rows = try await database.owner.query(
                """
                SELECT concat_ws('|', actor, action, detail->>'model', detail->>'replaced', detail->>'reason')
                FROM flow.audit_log WHERE action LIKE 'model.%' ORDER BY id
                """
            ).map { row in try row.decode(0, as: String.self) }
            #expect(rows == ["kim|model.promote|a|looks \"good\"", "lee|model.rollback|a|was not"])
        }
    }

    @Test("promotions at the same time take turns: each replaces what the one before put into use")
    func concurrent() async throws {
        try await RegistryDatabase.use { database in
            let names = (0..<6).map { "m\($0)" }
            for name in names { try await database.add(TestModels.card(name)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names {
                    group.addTask {
                        _ = try await database.promoting { try await $0.promote(name, actor: name, reason: "race") }
                    }
                }
                try await group.waitForAll()
            }
            let changes = Array(try await database.queries.promotions().reversed())
            #expect(Set(changes.map(\.modelName)) == Set(names))
            #expect(changes.map(\.replaced) == [nil] + changes.dropLast().map(\.model))
        }
    }

    @Test("an unknown model is refused by naming the known ones, and changes nothing")
    func unknown() async throws {
        try await RegistryDatabase.use { database in
            let empty = await #expect(throws: ModelRegistryError.self) { try await database.queries.model("x") }
            #expect(empty?.description.contains("there is no model yet") == true)
            let id = try await database.add(TestModels.card("a"))
            let error = await #expect(throws: ModelRegistryError.self) {
                try await database.promoting { try await $0.promote("b", actor: "kim", reason: "x") }
            }
            #expect(error?.description.contains("\(id) (a)") == true)
            let current = await #expect(throws: ModelRegistryError.self) { try await database.queries.model("current") }
            #expect(current?.description.contains("no model is in use") == true)
            #expect(try await database.queries.promotions().isEmpty)
        }
    }
}
