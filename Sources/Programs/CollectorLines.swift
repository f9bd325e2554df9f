import Collecting
import Hosting
import ServiceLifecycle
import Streaming

/// Says on the terminal when a collector changes its state.
struct CollectorLines: Service {
    let parts: StreamProgram.Parts
    let terminal: Terminal

    /// How often the collectors are looked at.
    private static let interval = Duration.seconds(1)

    func run() async {
        await cancelWhenGracefulShutdown {
            var known: [String: CollectorState] = [:]
            while !Task.isCancelled {
                for status in await parts.collectorStatuses() where known[status.name] != status.state {
                    known[status.name] = status.state
                    say(status)
                }
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    private func say(_ status: CollectorStatus) {
        let reason = status.reason.isEmpty ? "" : ": \(status.reason)"
        let tone: Terminal.Tone =
            switch status.state {
            case .running: .good
            case .starting, .stopped: .quiet
            case .stalled, .reconnecting: .warning
            case .failing: .bad
            }
        terminal.event(
            "collector \(status.name)  \(status.state.rawValue), \(status.markets.count) markets\(reason)", tone: tone)
    }
}
