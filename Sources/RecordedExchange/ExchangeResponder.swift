import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Carries requests to the desk and its outcomes onto the wire.
struct ExchangeResponder: HTTPResponder {
    typealias Context = ExchangeContext

    let desk: ExchangeDesk

    func respond(to request: Request, context: Context) async throws -> Response {
        let origin = request.headers[.origin] != nil
        if request.uri.path == "/faults" { return try await control(request, context: context, origin: origin) }
        guard request.method == .get else { return response(.error(.noRoute), []) }
        switch desk.outcome(target: request.uri.string, origin: origin) {
        case .answer(let reply, let headers):
            return response(reply, headers)
        case .late(let seconds, let reply, let headers):
            await wait(.seconds(seconds)) { false }
            return response(reply, headers)
        case .cutoff(let reply, let headers):
            return cutOff(reply, headers, channel: context.channel)
        case .hang(let seconds, let generation):
            await wait(.seconds(seconds)) { desk.faultGeneration != generation || !context.channel.isActive }
            return try await reset(context.channel)
        case .reset:
            return try await reset(context.channel)
        }
    }

    /// Sets up, lists and clears faults.
    ///
    /// Only this machine may, and no page in a browser: those send an `Origin`.
    private func control(_ request: Request, context: Context, origin: Bool) async throws -> Response {
        guard !origin, context.isLoopback else {
            return response(ExchangeDesk.refusal("faults are for programs on this machine", status: 403), [])
        }
        switch request.method {
        case .get: return response(desk.listFaults(), [])
        case .delete: return response(desk.clearFaults(), [])
        case .post:
            let body = try await request.body.collect(upTo: 64 * 1024)
            return response(desk.addFault(json: Data(body.readableBytesView)), [])
        default: return response(ExchangeDesk.refusal("use GET, POST or DELETE", status: 405), [])
        }
    }

    private func response(_ reply: ExchangeReply, _ headers: [ExchangeDesk.Header]) -> Response {
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        return Response(status: .init(code: reply.status), headers: fields(reply, headers), body: body)
    }

    private func fields(_ reply: ExchangeReply, _ headers: [ExchangeDesk.Header]) -> HTTPFields {
        var fields = HTTPFields()
        fields[.contentType] = reply.contentType
        for header in headers { Self.set(&fields, header.name, header.value) }
        if let derived = reply.derived { Self.set(&fields, "X-Derived", derived) }
        if let remark = reply.remark { Self.set(&fields, "X-Recorded", remark) }
        return fields
    }

    private static func set(_ fields: inout HTTPFields, _ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { return }
        fields[name] = value
    }

    /// Sends half of the announced body, then closes.
    private func cutOff(
        _ reply: ExchangeReply, _ headers: [ExchangeDesk.Header], channel: any Channel
    ) -> Response {
        let half = ByteBuffer(bytes: reply.body.prefix(reply.body.count / 2))
        let body = ResponseBody(contentLength: reply.body.count) { writer in
            try await writer.write(half)
            try? await channel.close()
            throw Disturbance()
        }
        return Response(status: .init(code: reply.status), headers: fields(reply, headers), body: body)
    }

    /// Closes with a TCP reset: lingering for no time at all makes the kernel send RST instead of FIN.
    private func reset(_ channel: any Channel) async throws -> Response {
        if let options = channel as? any SocketOptionProvider {
            try? await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try? await channel.close()
        throw Disturbance()
    }

    /// Waits in small steps, so that a stopping server and a cleared fault are noticed at once.
    private func wait(_ duration: Duration, until isOver: @escaping @Sendable () -> Bool) async {
        await cancelWhenGracefulShutdown {
            let end = ContinuousClock.now + duration
            while ContinuousClock.now < end, !Task.isCancelled, !isOver() {
                let step = min(Duration.milliseconds(50), end - ContinuousClock.now)
                try? await Task.sleep(for: step)
            }
        }
    }

    /// Ends a request whose connection was closed on purpose; nobody is left to see it.
    private struct Disturbance: Error {}
}

/// A request's context that keeps its connection, which faults close.
struct ExchangeContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Whether the other side is on this machine.
    var isLoopback: Bool {
        guard let address = channel.remoteAddress?.ipAddress else { return false }
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
