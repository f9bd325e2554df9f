package import CivilTime

/// Lets requests to one exchange go as fast as it allows and no faster; one for a process and exchange, so that all
/// tasks share it.
///
/// Waiting is fair within a group of requests (first come, first served) and ends at once when the task is cancelled.
package actor RateLimiter {
    private let exchange: Exchange
    private let time: LimiterTime
    private var state: RateLimiterState
    private var waiting: [UInt64: CheckedContinuation<Result<RatePermit, MarketError>, Never>] = [:]
    private var lastTicket: UInt64 = 0
    private var timer: (at: Duration, task: Task<Void, Never>)?

    /// A limiter of its own; `RateLimiters` holds the process's shared ones.
    ///
    /// - Parameters:
    ///   - clock: measures the waiting; tests give one that they move by hand.
    ///   - wallClock: names the end of a block in calendar time.
    package init(
        exchange: Exchange, settings: RateLimiterSettings = RateLimiterSettings(),
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.exchange = exchange
        state = RateLimiterState(settings: settings)
        time = LimiterTime(clock: clock, wallClock: wallClock)
    }

    /// Waits for the right to send one request of a group; `report` must follow.
    ///
    /// - Parameter maximumWait: nil waits as long as it takes.
    /// - Throws: `rateLimited` when no slot came free in that time, `blocked` when the exchange's block ends later than
    ///   that (both at once when it is known beforehand), `cancelled`.
    package func acquire(
        _ group: RequestGroup, maximumWait: Duration? = nil
    ) async throws(MarketError) -> RatePermit {
        lastTicket += 1
        let ticket = lastTicket
        let deadline = maximumWait.map { time.now() + $0 }
        let result: Result<RatePermit, MarketError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else {
                    continuation.resume(returning: .failure(cancelled))
                    return
                }
                waiting[ticket] = continuation
                state.request(ticket: ticket, group: group, deadline: deadline)
                advance()
            }
        } onCancel: {
            // A cancellation handler cannot wait for an actor. Nobody awaits this task; it ends after one step.
            Task { await self.cancel(ticket) }
        }
        return try result.get()
    }

    /// Hands a permit back with what became of its request.
    ///
    /// Returns the end of the exchange's block when one is in force.
    @discardableResult
    package func report(_ permit: RatePermit, _ report: LimiterReport) -> Timestamp? {
        let now = time.now()
        state.report(permit, report, now: now)
        advance()
        return state.blockedUntil > now ? time.wall(at: state.blockedUntil) : nil
    }

    private func cancel(_ ticket: UInt64) {
        guard let continuation = waiting.removeValue(forKey: ticket) else { return }
        state.cancel(ticket: ticket)
        continuation.resume(returning: .failure(cancelled))
        advance()
    }

    /// Performs what the state decides and sets the timer for its next decision.
    private func advance() {
        let now = time.now()
        for decision in state.advance(now: now) {
            guard let continuation = waiting.removeValue(forKey: decision.ticket) else { continue }
            switch decision {
            case .granted(_, let permit):
                continuation.resume(returning: .success(permit))
            case .tooLate:
                let message = "our own limit left no free slot within the waiting time"
                continuation.resume(returning: .failure(MarketError(exchange, .rateLimited, message: message)))
            case .blocked(_, let until):
                let error = MarketError(
                    exchange, .blocked(until: time.wall(at: until)), message: "after too many requests")
                continuation.resume(returning: .failure(error))
            }
        }
        let next = state.nextDecision(now: now)
        guard next != timer?.at else { return }
        timer?.task.cancel()
        timer = nil
        guard let next else { return }
        // Nobody awaits this task; it lives while somebody waits for a permit and ends with the last of them.
        let task = Task { [time] in
            guard await time.sleep(until: next) else { return }
            self.timerFired(at: next)
        }
        timer = (next, task)
    }

    private func timerFired(at instant: Duration) {
        guard timer?.at == instant else { return }
        timer = nil
        advance()
    }

    private var cancelled: MarketError {
        MarketError(exchange, .cancelled, message: "cancelled while waiting for the rate limit")
    }
}

/// A clock as a time line that starts with the limiter, and its tie to the calendar.
struct LimiterTime: Sendable {
    /// Time since the start.
    let now: @Sendable () -> Duration
    private let sleeper: @Sendable (Duration) async throws -> Void
    private let wallClock: @Sendable () -> Timestamp

    init(clock: some Clock<Duration>, wallClock: @escaping @Sendable () -> Timestamp) {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleeper = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
        self.wallClock = wallClock
    }

    /// False when the task was cancelled.
    func sleep(until instant: Duration) async -> Bool {
        do {
            try await sleeper(instant)
            return !Task.isCancelled
        } catch {
            return false
        }
    }

    func wall(at instant: Duration) -> Timestamp {
        wallClock() + (instant - now())
    }
}
