import Lab
import PostgresClient

/// From an exchange's WebSocket to browsers: a process of its own sends, the program `cryptoflow-stream` collects, stores
/// and serves as it does for people, and raw clients on loopback note when each trade comes.
///
/// A trade's number is the moment at which it was sent, on the clock that all processes share; so nothing of the way is
/// left out.
struct BrowserBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings
    let program: String

    struct Outcome: Sendable {
        /// Milliseconds from the sending to an event stream: a listener for each market, as pages have it.
        var events = Spread([])
        /// The same to one WebSocket that has subscribed to all markets.
        var socket = Spread([])
        /// Trades sent and stored in the time that counts.
        var trades = 0
        /// Seconds of it.
        var seconds = 0
        /// The program's resident memory at its end, in MB.
        var memory = Double.nan
    }

    func run() async throws -> Outcome {
        let url = try await lab.makeDatabase("browser")
        let feeder = try Program.start(
            settings.ownProgram, ["stream-feed", "--rate", "\(StreamFeeder.steadyRate)"], in: lab.folder)
        do {
            let outcome = try await run(url, feed: try await StreamFeeder.port(of: feeder))
            await feeder.end()
            return outcome
        } catch {
            await feeder.end()
            throw error
        }
    }

    private func run(_ url: String, feed: Int) async throws -> Outcome {
        let worker = try Program.start(
            program,
            [
                "--exchange-url", "http://127.0.0.1:9", "--websocket-url", "ws://127.0.0.1:\(feed)/websocket/v1",
                "--markets", MadeMessage.codes.joined(separator: ","), "--port", "0",
            ],
            environment: [
                "CRYPTOFLOW_DATABASE_URL": url, "CRYPTOFLOW_CONN_WAREHOUSE": url,
                "CRYPTOFLOW_HOME": lab.folder + "/browser",
            ], in: lab.folder)
        do {
            let mark = "pages at http://127.0.0.1:"
            guard try await worker.waitForOutput(mark, seconds: 20),
                let line = worker.output.split(separator: "\n").first(where: { $0.contains(mark) }),
                let port = line.split(separator: ":").last.flatMap({ Int($0.filter(\.isNumber)) })
            else { throw LabFailure("cryptoflow-stream does not serve: \(worker.output.suffix(500))") }
            var (outcome, counted) = try await listen(port, worker)
            // Everything that was sent is stored once it has ended.
            await worker.end()
            outcome.trades = try await stored(counted, url)
            return outcome
        } catch {
            await worker.end()
            throw error
        }
    }

    private func listen(_ port: Int, _ worker: Program) async throws -> (Outcome, Range<UInt64>) {
        let pages = try MadeMessage.codes.map { code in
            try BrowserListener(port: port, name: code, request: BrowserListener.eventRequest(code))
        }
        let socket = try BrowserListener(
            port: port, name: "socket", request: BrowserListener.socketRequest(MadeMessage.codes))
        let arrivals = try await withThrowingTaskGroup(of: (isSocket: Bool, [BrowserListener.Arrival]).self) { group in
            for page in pages { group.addTask { (false, await page.arrivals()) } }
            group.addTask { (true, await socket.arrivals()) }
            // Connections, first partitions and first commits are not counted.
            try await Task.sleep(for: .seconds(3))
            let begin = MonotonicClock.nanoseconds
            let seconds = settings.isQuick ? 5 : 20
            try await Task.sleep(for: .seconds(seconds))
            let end = MonotonicClock.nanoseconds
            var outcome = Outcome()
            outcome.seconds = seconds
            outcome.memory = ProcessFacts.megabytes("VmRSS", of: worker.pid) ?? .nan
            // What was sent last has a second to come.
            try await Task.sleep(for: .seconds(1))
            for listener in pages + [socket] { listener.hangUp() }
            var events: [Double] = []
            for try await (isSocket, arrivals) in group {
                let latencies = Self.latencies(arrivals, sent: begin..<end)
                if isSocket { outcome.socket = Spread(latencies) } else { events += latencies }
            }
            outcome.events = Spread(events)
            return (outcome, begin..<end)
        }
        return arrivals
    }

    /// The milliseconds that each trade of a stretch took; one that came twice counts once.
    private static func latencies(_ arrivals: [BrowserListener.Arrival], sent: Range<UInt64>) -> [Double] {
        var seen: Set<UInt64> = []
        return arrivals.compactMap { arrival in
            guard sent.contains(arrival.number), seen.insert(arrival.number).inserted else { return nil }
            return Double(arrival.at - arrival.number) / 1e6
        }
    }

    private func stored(_ sent: Range<UInt64>, _ url: String) async throws -> Int {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        let rows = try await connection.query(
            "SELECT count(*) FROM warehouse.silver_trade WHERE sequential_id >= $1 AND sequential_id < $2",
            [Int64(sent.lowerBound), Int64(sent.upperBound)])
        await connection.close()
        return Int(try rows.first?.decode(0, as: Int64.self) ?? 0)
    }
}
