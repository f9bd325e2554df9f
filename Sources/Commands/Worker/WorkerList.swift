package import ArgumentParser
import CivilTime
import DAGModel
import Execution
import RunStore

/// `cryptoflow worker list`.
package struct WorkerList: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the workers: those alive, and those that ended in the last day.",
        discussion: """
            A worker is running, draining (it finishes what it has), stopped (it left in order) or lost (it was not heard of \
            for longer than its time to live).

            Example:
              cryptoflow worker list --output json
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    package init() {}

    package func run() async throws {
        let now = CommandEnvironment.current.now()
        let workers = try await database.withHistory { try await $0.history.workers() }
        let shapes = options.shapes
        try options.write(.array(workers.map { shapes.worker($0) })) { isColourful in
            guard !workers.isEmpty else {
                return "no worker: start one with `cryptoflow worker --queues NAME --database URL`"
            }
            var table = TextTable(
                .init("NAME"), .init("STATE"), .init("QUEUES"), .init("RUNNING", .right), .init("HOST"),
                .init("PID", .right), .init("HEARTBEAT", .right), .init("STARTED"))
            for worker in workers {
                table.add(
                    .init(DisplayText.oneLine(worker.facts.name)), .init(worker.state.rawValue, worker.state.tone),
                    .init(DisplayText.oneLine(worker.facts.queues.joined(separator: ","))),
                    .init("\(worker.state.isAlive ? worker.running : 0)/\(worker.facts.concurrency)"),
                    .init(worker.facts.process.host), .init(String(worker.facts.process.pid)),
                    .init(max(.zero, now - worker.heartbeatAt).wholeSeconds.humanText(units: 1)),
                    .init(shapes.shortText(worker.startedAt)))
            }
            return table.text(isColourful: isColourful)
        }
    }
}

extension WorkerState {
    fileprivate var tone: Tone {
        switch self {
        case .running: .good
        case .draining: .warning
        case .stopped: .quiet
        case .lost: .bad
        }
    }
}

extension RecordShapes {
    func worker(_ worker: WorkerSummary) -> JSONValue {
        let facts = worker.facts
        return [
            "worker_id": .int(worker.id.rawValue), "name": .string(facts.name), "state": .string(worker.state.rawValue),
            "queues": .array(facts.queues.map { .string($0) }), "concurrency": .int(Int64(facts.concurrency)),
            "running": .int(Int64(worker.state.isAlive ? worker.running : 0)), "host": .string(facts.process.host),
            "pid": .int(Int64(facts.process.pid)), "version": .string(facts.version),
            "started_at": .string(text(worker.startedAt)), "last_heartbeat": .string(text(worker.heartbeatAt)),
            "ended_at": worker.endedAt.map { .string(text($0)) } ?? .null,
        ]
    }
}
