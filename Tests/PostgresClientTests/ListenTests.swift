import FoundationEssentials
import PostgresClient
import Testing

@Suite("LISTEN and NOTIFY", .timeLimit(.minutes(1))) struct ListenTests {
    private func channel() -> String { "Channel \"\(UUID().uuidString)\"" }

    private func notify(_ channel: String, _ payload: String, by connection: PostgresConnection) async throws {
        try await connection.query("SELECT pg_notify($1, $2)", [channel, payload])
    }

    @Test("notifications arrive in order, with channel, payload and sender")
    func order() async throws {
        let name = channel()
        let listener = try await sharedConnection()
        let sender = try await sharedConnection()
        var stream = try await listener.listen(to: [name, "other"]).makeAsyncIterator()
        for number in 0..<100 { try await notify(name, "\(number)", by: sender) }
        for number in 0..<100 {
            let notification = await stream.next()
            #expect(notification?.payload == "\(number)")
            #expect(notification?.channel == name)
            #expect(notification?.backendPID == sender.backendPID)
        }
    }

    @Test("notifications that come with a statement's answer arrive too")
    func ownNotifications() async throws {
        let name = channel()
        let connection = try await sharedConnection()
        var stream = try await connection.listen(to: [name]).makeAsyncIterator()
        try await notify(name, "self", by: connection)
        #expect(await stream.next()?.payload == "self")
    }

    @Test("a slow consumer keeps the newest, and the dropped are counted")
    func dropped() async throws {
        let name = channel()
        let connection = try await sharedConnection()
        let stream = try await connection.listen(to: [name], bufferLimit: 2)
        for number in 0..<5 { try await notify(name, "\(number)", by: connection) }
        #expect(await connection.droppedNotifications == 3)
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next()?.payload == "3")
        #expect(await iterator.next()?.payload == "4")
    }

    @Test("the stream ends when the server ends the connection")
    func lost() async throws {
        let listener = try await sharedConnection()
        let other = try await sharedConnection()
        let stream = try await listener.listen(to: ["x"])
        try await other.query("SELECT pg_terminate_backend($1)", [listener.backendPID])
        for await _ in stream {}
        #expect(await !listener.isOpen)
        let closed = try await sharedConnection()
        let ending = try await closed.listen(to: ["x"])
        await closed.close()
        for await _ in ending {}
    }

    @Test("a second stream takes the place of the first, and a consumer that leaves does not end the next one")
    func replaced() async throws {
        let name = channel()
        let connection = try await sharedConnection()
        let first = try await connection.listen(to: [name])
        var second = try await connection.listen(to: []).makeAsyncIterator()
        for await _ in first {}
        try await notify(name, "again", by: connection)
        #expect(await second.next()?.payload == "again")
    }

    @Test("a listener comes back by itself, and says when")
    func reconnect() async throws {
        let name = channel()
        var settings = try await TestCluster.shared.settings()
        settings.applicationName = "listener \(name)".prefix(60).description
        let sender = try await sharedConnection()
        let listener = PostgresListener(settings, channels: [name], initialBackoff: .milliseconds(1))
        let events = listener.events
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            var stream = events.makeAsyncIterator()
            for round in 0..<3 {
                guard case .connected = await stream.next() else {
                    Issue.record("expected to be connected")
                    break
                }
                try await notify(name, "\(round)", by: sender)
                guard case .notification(let notification) = await stream.next() else {
                    Issue.record("expected a notification")
                    break
                }
                #expect(notification.payload == "\(round)")
                try await sender.query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                    [settings.applicationName])
                guard case .disconnected(let error) = await stream.next() else {
                    Issue.record("expected to be disconnected")
                    break
                }
                #expect(error.isConnectionLost)
            }
            group.cancelAll()
            while await stream.next() != nil {}
        }
    }

    @Test("a listener that cannot connect says so and tries on")
    func unreachable() async throws {
        let settings = PostgresSettings(host: "127.0.0.1", port: 1, user: "a", database: "b")
        let listener = PostgresListener(settings, channels: ["x"], initialBackoff: .milliseconds(1))
        let events = listener.events
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            var count = 0
            for await case .disconnected(let error) in events {
                #expect(error.kind == .connectionFailed)
                count += 1
                if count == 3 { group.cancelAll() }
            }
            #expect(count >= 3)
        }
    }
}
