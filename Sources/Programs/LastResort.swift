import Glibc
import Hosting
import ServiceLifecycle

/// Ends the program when it was asked to stop and does not come to its end, because something that it waits for stands still.
///
/// Nothing is lost: what was not committed is taken up by the next start, as after a crash.
struct LastResort: Service {
    /// From the wish to stop; longer than everything in order may take.
    let patience: Duration
    let terminal: Terminal

    func run() async throws {
        try? await gracefulShutdown()
        // It outlives its service on purpose, and ends with the process.
        Task.detached { [patience, terminal] in
            try? await Task.sleep(for: patience)
            terminal.event(
                "ended by force: something did not stop within \(patience). If PostgreSQL does not answer, see its log",
                tone: .bad)
            _exit(1)
        }
    }
}
