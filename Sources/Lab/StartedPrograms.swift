import Dispatch
import Glibc
import Synchronization

/// Ends what this program has started, when it is itself asked to stop.
package enum StartedPrograms {
    /// Watches for signals until it is cancelled.
    package struct SignalWatch {
        fileprivate let sources: [any DispatchSourceSignal]

        package func cancel() { for source in sources { source.cancel() } }
    }

    private struct State {
        var running: [ObjectIdentifier: ProgramLife] = [:]
        var isOver = false
    }

    private static let state = Mutex(State())

    /// On SIGINT and SIGTERM: asks every program to stop, and ends this one.
    ///
    /// A private PostgreSQL ends with this process by itself; other programs are told. Keep what is returned for as long as it
    /// is to be so.
    package static func endOnSignals() -> SignalWatch {
        let sources = [SIGINT, SIGTERM].map { number -> any DispatchSourceSignal in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { @Sendable in
                end()
                exit(128 + number)
            }
            source.activate()
            return source
        }
        return SignalWatch(sources: sources)
    }

    /// Asks every program that still runs to stop, and whatever is started from now on.
    private static func end() {
        let programs = state.withLock { state in
            state.isOver = true
            return Array(state.running.values)
        }
        for program in programs { program.signal(SIGTERM) }
    }

    static func add(_ program: ProgramLife) {
        let isOver = state.withLock { state in
            state.running[ObjectIdentifier(program)] = program
            return state.isOver
        }
        if isOver { program.signal(SIGTERM) }
    }

    static func remove(_ program: ProgramLife) {
        state.withLock { _ = $0.running.removeValue(forKey: ObjectIdentifier(program)) }
    }
}
