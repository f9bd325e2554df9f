import CLibCurl
import Glibc
import Synchronization

/// The thread that drives libcurl's multi handle.
///
/// Callers leave work in a box under a lock and wake the thread; everything of libcurl happens on the thread, which
/// starts with the first request and ends by `beginShutdown`.
final class CurlEngine: Sendable {
    private enum Phase: Equatable {
        case idle, running, stopping(until: ContinuousClock.Instant), ended
    }

    private struct Box: ~Copyable {
        var phase = Phase.idle
        var arrivals: [any CurlWork] = []
        var hasCancellations = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// The running thread's multi handle, present exactly while it may be woken.
        var multi: UnsafeMutableRawPointer?
    }

    private static let isLibraryReady: Bool = cflow_curl_global_init() == CURLE_OK

    private let configuration: HTTPClient.Configuration
    private let box = Mutex(Box())

    init(configuration: HTTPClient.Configuration) {
        self.configuration = configuration
    }

    // MARK: - From any thread

    /// Takes a transfer over; its continuation is resumed exactly once, whatever happens.
    func submit(_ transfer: any CurlWork) {
        enum Refusal { case shutDown, noThread }
        let refusal: Refusal? = box.withLock { box in
            switch box.phase {
            case .stopping, .ended:
                return .shutDown
            case .idle:
                guard start(&box) else { return .noThread }
            case .running:
                break
            }
            box.arrivals.append(transfer)
            if let multi = box.multi { curl_multi_wakeup(multi) }
            return nil
        }
        switch refusal {
        case .shutDown: transfer.finish(.shutDown, "the HTTP client is shut down")
        case .noThread: transfer.finish(.other, "no thread or memory for the HTTP client", advice: "free some")
        case nil: break
        }
    }

    /// Ends a transfer early; one that is not submitted yet ends on its arrival.
    func cancel(_ transfer: any CurlWork) {
        transfer.cancel()
        box.withLock { box in
            box.hasCancellations = true
            if let multi = box.multi { curl_multi_wakeup(multi) }
        }
    }

    /// Refuses new transfers and ends the thread once those under way are done or `grace` is over.
    func beginShutdown(grace: Duration) {
        box.withLock { box in
            let limit = ContinuousClock.now + grace
            switch box.phase {
            case .idle: box.phase = .ended
            case .running: box.phase = .stopping(until: limit)
            case .stopping(let until): box.phase = .stopping(until: min(until, limit))
            case .ended: break
            }
            if let multi = box.multi { curl_multi_wakeup(multi) }
        }
    }

    /// Returns when the thread has ended.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let isOver = box.withLock { box in
                guard box.phase != .ended else { return true }
                box.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func start(_ box: inout Box) -> Bool {
        guard Self.isLibraryReady, let multi = curl_multi_init() else { return false }
        cflow_curl_multi_set_long(
            multi, CURLMOPT_MAX_HOST_CONNECTIONS, max(configuration.maximumConnectionsPerHost, 1))
        cflow_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(configuration.maximumIdleConnections, 1))
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        box.multi = multi
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<CurlEngine>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            box.multi = nil
            curl_multi_cleanup(multi)
            return false
        }
        box.phase = .running
        return true
    }

    // MARK: - On the thread

    private func run() {
        Self.leaveSignalsToOthers()
        cflow_name_this_thread("http-client")
        guard let multi = UnsafeMutableRawPointer(bitPattern: box.withLock { UInt(bitPattern: $0.multi) }) else {
            return
        }
        var active: [UnsafeMutableRawPointer: any CurlWork] = [:]
        while true {
            let (arrivals, hasCancellations, phase) = box.withLock { box in
                defer {
                    box.arrivals = []
                    box.hasCancellations = false
                }
                return (box.arrivals, box.hasCancellations, box.phase)
            }
            for transfer in arrivals { begin(transfer, in: multi, &active) }
            if hasCancellations {
                for (handle, transfer) in active where transfer.isCancelled {
                    transfer.finish(.cancelled, "cancelled")
                    end(handle, in: multi, &active)
                }
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect(from: multi, &active)

            var patience = Duration.seconds(3600)
            if case .stopping(let limit) = phase {
                patience = limit - .now
                if active.isEmpty || patience <= .zero { break }
            }
            curl_multi_poll(multi, nil, 0, Int32(patience.curlMilliseconds), nil)
        }
        finish(multi, active)
    }

    private func begin(
        _ transfer: any CurlWork, in multi: UnsafeMutableRawPointer,
        _ active: inout [UnsafeMutableRawPointer: any CurlWork]
    ) {
        guard !transfer.isCancelled else {
            transfer.finish(.cancelled, "cancelled")
            return
        }
        guard let handle = transfer.prepare(userAgent: configuration.userAgent) else {
            transfer.finish(.other, "no memory for the request", advice: "free some")
            return
        }
        let code = curl_multi_add_handle(multi, handle)
        guard code == CURLM_OK else {
            transfer.finish(.other, String(cString: curl_multi_strerror(code)))
            transfer.release()
            return
        }
        active[handle] = transfer
    }

    private func end(
        _ handle: UnsafeMutableRawPointer, in multi: UnsafeMutableRawPointer,
        _ active: inout [UnsafeMutableRawPointer: any CurlWork]
    ) {
        curl_multi_remove_handle(multi, handle)
        active.removeValue(forKey: handle)?.release()
    }

    private func collect(
        from multi: UnsafeMutableRawPointer, _ active: inout [UnsafeMutableRawPointer: any CurlWork]
    ) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let code = cflow_curl_message_result(message)
            active[handle]?.finish(code: code)
            end(handle, in: multi, &active)
        }
    }

    private func finish(_ multi: UnsafeMutableRawPointer, _ active: [UnsafeMutableRawPointer: any CurlWork]) {
        for (handle, transfer) in active {
            transfer.finish(.shutDown, "the HTTP client was shut down before the answer came")
            curl_multi_remove_handle(multi, handle)
            transfer.release()
        }
        let (late, waiters) = box.withLock { box in
            // From here on nobody can wake the handle, so it may go.
            box.multi = nil
            box.phase = .ended
            defer {
                box.arrivals = []
                box.waiters = []
            }
            return (box.arrivals, box.waiters)
        }
        for transfer in late { transfer.finish(.shutDown, "the HTTP client is shut down") }
        curl_multi_cleanup(multi)
        for waiter in waiters { waiter.resume() }
    }

    /// Signals are for the main program's threads, and a broken pipe is an error code here; the name lookup threads
    /// inherit this.
    private static func leaveSignalsToOthers() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2] {
            sigaddset(&signals, signal)
        }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
