import CivilTime
import DAGModel
import RunStore

extension Explanation {
    /// Whether a worker serves a queue, and has a place free.
    static func worker(for queue: String, since: Timestamp, _ workers: [WorkerSummary]) -> Condition {
        let serving = workers.filter { $0.state.isAlive && $0.facts.queues.contains(queue) }
        guard !serving.isEmpty else {
            let last = workers.filter { $0.facts.queues.contains(queue) }.max { $0.heartbeatAt < $1.heartbeatAt }
            let past = last.map { "; the last, \($0.facts.name), was \($0.state.rawValue)" } ?? ""
            return Condition(
                "worker", holds: false, "no worker serves queue \"\(queue)\"\(past)", since: since,
                advice: "cryptoflow worker --queues \(queue), or let the scheduler do it with its --queues")
        }
        let open = serving.filter { $0.state == .running }
        guard !open.isEmpty else {
            return Condition(
                "worker", holds: false,
                "every worker of queue \"\(queue)\" is draining and takes nothing more", since: since,
                advice: "cryptoflow worker --queues \(queue)")
        }
        let places = open.reduce(0) { $0 + $1.facts.concurrency }
        let taken = open.reduce(0) { $0 + $1.running }
        let names = open.map(\.facts.name).joined(separator: ", ")
        return Condition(
            "worker", holds: taken < places, "\(taken) of \(places) places of its workers are taken (\(names))",
            since: since, advice: "start another one, or raise its --concurrency")
    }
}
