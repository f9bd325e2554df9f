import CivilTime
import FoundationEssentials
import Synchronization

/// Decides what a request gets: limits first, then faults, then the answer itself.
///
/// It knows no HTTP; `ExchangeResponder` carries its outcomes onto the wire.
final class ExchangeDesk: Sendable {
    /// What the transport has to do.
    enum Outcome: Sendable, Equatable {
        case answer(ExchangeReply, headers: [Header])
        /// The beginning of an answer whose announced length never comes.
        case cutoff(ExchangeReply, headers: [Header])
        case reset
        case late(seconds: Double, ExchangeReply, headers: [Header])
        /// Nothing until the seconds are over or the generation of faults has changed, then a reset.
        case hang(seconds: Double, generation: Int)
    }

    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    private struct State {
        var limits: RequestLimits
        var faults = FaultPlan()
        var requests = 0
        var refused = 0
        var blocked = 0
        var disturbed = 0
        var handshakes = StreamLimits.Handshakes()
    }

    let api: UpbitAPI
    private let ticks: TickSettings
    private let state: Mutex<State>
    let uptime: @Sendable () -> Int64

    /// - Parameter uptime: nanoseconds of a clock that only goes forward.
    init(
        recording: Recording, clock: RecordedClock, configuration: ExchangeConfiguration,
        uptime: @escaping @Sendable () -> Int64
    ) {
        api = UpbitAPI(recording: recording, clock: clock, ticks: configuration.ticks)
        ticks = configuration.ticks
        self.uptime = uptime
        var state = State(limits: RequestLimits(policy: configuration.limits))
        for fault in configuration.faults { state.faults.add(fault, now: uptime()) }
        self.state = Mutex(state)
    }

    var faultGeneration: Int { state.withLock { $0.faults.generation } }

    /// The outcome of a GET of Upbit's API or of `/v1/_recorded`.
    func outcome(target text: String, origin: Bool) -> Outcome {
        let target = RequestTarget(text)
        if target.path == "/v1/_recorded" { return .answer(clockReply(), headers: []) }
        if target.path == "/v1/_sent" { return .answer(api.ledger(target, now: api.clock.now()), headers: []) }
        let route = UpbitAPI.Route(path: target.path)
        let now = uptime()
        let (verdict, fault, generation) = state.withLock { state in
            state.requests += 1
            // The gateway in front answers unknown paths and does not count them.
            let verdict = route.map { state.limits.admit($0.group, withOrigin: origin, now: now) }
            var fault: Fault?
            switch verdict {
            case .tooMany: state.refused += 1
            case .blocked: state.blocked += 1
            case .allowed, nil:
                let market = target.value("market", "markets")
                fault = state.faults.take(path: target.path, market: market, now: now)
                if fault != nil { state.disturbed += 1 }
                if fault?.kind == .blocked {
                    state.limits.block(seconds: Int64(fault?.seconds ?? 2), now: now)
                }
            }
            return (verdict, fault, state.faults.generation)
        }
        var headers = [Header(name: "limit-by-ip", value: "Yes")]
        if let route {
            let remaining = if case .allowed(let remaining) = verdict { remaining } else { 0 }
            let value = "group=\(route.group.rawValue); min=600; sec=\(remaining)"
            headers.append(Header(name: "Remaining-Req", value: value))
        }
        switch verdict {
        case .tooMany: return .answer(.error(.tooManyRequests), headers: headers)
        case .blocked(let seconds): return .answer(.error(.blocked(seconds: seconds)), headers: headers)
        case .allowed, nil: break
        }
        let reply = route.map { api.answer($0, target, now: api.clock.now()) } ?? .error(.noRoute)
        guard let fault else { return .answer(reply, headers: headers) }
        return disturbed(reply, by: fault, headers: headers, generation: generation)
    }

    private func disturbed(
        _ reply: ExchangeReply, by fault: Fault, headers: [Header], generation: Int
    ) -> Outcome {
        switch fault.kind {
        case .tooManyRequests: return .answer(.error(.tooManyRequests), headers: headers)
        case .blocked: return .answer(.error(.blocked(seconds: Int(fault.seconds ?? 2))), headers: headers)
        case .internalError: return .answer(.error(.internalError), headers: headers)
        case .unavailable:
            let page = "<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>\n"
            return .answer(
                ExchangeReply(status: 503, body: Array(page.utf8), contentType: "text/html"), headers: headers)
        case .truncate:
            var reply = reply
            reply.body.removeLast(reply.body.count - reply.body.count / 2)
            return .answer(reply, headers: headers)
        case .cutoff: return .cutoff(reply, headers: headers)
        case .reset: return .reset
        case .slow: return .late(seconds: fault.seconds ?? 2, reply, headers: headers)
        case .hang: return .hang(seconds: fault.seconds ?? 60, generation: generation)
        // Not taken for requests.
        case .refuse, .disconnect, .stall, .duplicate, .reorder, .gap: return .answer(reply, headers: headers)
        case .garbage:
            var reply = reply
            reply.body = [0xFF, 0xFE, 0x00, 0xC3, 0x28] + Array("<!-- not JSON -->".utf8)
            return .answer(reply, headers: headers)
        }
    }

    /// `/v1/_recorded`: what this exchange is and where its clock stands, in served times.
    private func clockReply() -> ExchangeReply {
        let clock = api.clock
        let span = clock.servedSpan
        var json = JSONBytes()
        json.raw("{\"recorded\":true,\"now\":")
        json.string(clock.now().iso8601)
        json.raw(clock.mode == .running ? ",\"pinned\":false" : ",\"pinned\":true")
        json.raw(",\"speed\":")
        json.raw(Array("\(clock.speed)".utf8))
        json.raw(",\"trades\":\"made\",\"trades_per_second\":")
        json.raw(Array("\(ticks.tradesPerSecond)".utf8))
        json.raw(",\"seed\":")
        json.raw(Array("\(ticks.seed)".utf8))
        json.raw(",\"shift_weeks\":")
        json.integer(Int64(clock.shiftWeeks))
        json.raw(",\"first\":")
        json.string(span.start.iso8601)
        json.raw(",\"last\":")
        json.string((span.end - .seconds(RecordedCandle.slotSeconds)).iso8601)
        json.raw(clock.isPastEnd ? ",\"past_end\":true" : ",\"past_end\":false")
        json.raw(",\"markets\":")
        json.array(api.recording.markets) { json, market in json.string(market.code) }
        json.raw(",\"recorded_minutes\":")
        json.array(api.recording.markets.filter { !$0.minutes.isEmpty }) { json, market in json.string(market.code) }
        json.raw("}")
        return .json(json)
    }
}

/// What the WebSocket asks.
extension ExchangeDesk {
    /// The answer to a handshake that is not to become a WebSocket; nil when it may.
    func handshakeRefusal(origin: Bool) -> ExchangeReply? {
        let now = uptime()
        return state.withLock { state in
            if state.limits.policy == .upbit, !state.handshakes.admit(withOrigin: origin, now: now) {
                state.refused += 1
                return .error(.tooManyRequests)
            }
            guard
                let fault = state.faults.take(
                    path: ExchangeStream.path, market: nil, among: Fault.Kind.ofHandshakes, now: now)
            else { return nil }
            state.disturbed += 1
            switch fault.kind {
            case .tooManyRequests: return .error(.tooManyRequests)
            case .blocked: return .error(.blocked(seconds: Int(fault.seconds ?? 2)))
            case .internalError: return .error(.internalError)
            default: return ExchangeReply(status: 503, body: [], contentType: "text/plain")
            }
        }
    }

    /// Whether messages have to be looked at one by one.
    var disturbsMessages: Bool {
        state.withLock { $0.faults.mayHit(path: ExchangeStream.path, among: Fault.Kind.ofMessages) }
    }

    /// The fault that a message meets.
    func messageFault(market: String) -> Fault? {
        let now = uptime()
        return state.withLock { state in
            let fault = state.faults.take(
                path: ExchangeStream.path, market: market, among: Fault.Kind.ofMessages, now: now)
            if fault != nil { state.disturbed += 1 }
            return fault
        }
    }

    var enforcesLimits: Bool { state.withLock { $0.limits.policy == .upbit } }
}

extension ExchangeDesk {
    /// `GET /faults`: what is set up and what was counted since the start.
    func listFaults() -> ExchangeReply {
        let now = uptime()
        let (faults, counts) = state.withLock { state in
            (
                state.faults.faults(now: now),
                [state.requests, state.refused, state.blocked, state.disturbed].map(Int64.init)
            )
        }
        var json = JSONBytes()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        json.raw("{\"faults\":")
        json.array(faults) { json, fault in
            // A fault holds nothing that cannot be encoded.
            json.raw((try? encoder.encode(fault)).map { [UInt8]($0) } ?? Array("null".utf8))
        }
        for (name, count) in zip(["requests", "refused_429", "refused_418", "disturbed"], counts) {
            json.raw(",")
            json.string(name)
            json.raw(":")
            json.integer(count)
        }
        json.raw("}")
        return .json(json)
    }

    /// `POST /faults`: sets one up.
    func addFault(json: Data) -> ExchangeReply {
        do throws(RecordingError) {
            let fault = try Fault.parse(json: json)
            let now = uptime()
            state.withLock { $0.faults.add(fault, now: now) }
            return listFaults()
        } catch {
            return Self.refusal(error.description)
        }
    }

    /// `DELETE /faults`: ends all of them, a block and hanging requests too.
    func clearFaults() -> ExchangeReply {
        state.withLock { state in
            state.faults.clear()
            state.limits.forgive()
        }
        return listFaults()
    }

    static func refusal(_ message: String, status: Int = 400) -> ExchangeReply {
        var json = JSONBytes()
        json.raw("{\"error\":{\"name\":\"refused\",\"message\":")
        json.string(message)
        json.raw("}}")
        return ExchangeReply(status: status, body: json.bytes)
    }
}
