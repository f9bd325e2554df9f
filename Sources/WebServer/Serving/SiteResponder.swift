import Execution
import HTTPTypes
import Hummingbird
import NIOCore
import RunStore

/// A request's context: it knows the connection, so that one that takes nothing can be closed.
struct SiteContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Carries requests to the site and its answers onto the wire.
struct SiteResponder: HTTPResponder {
    typealias Context = SiteContext

    let site: WebSite

    private static let fragment = HTTPField.Name("X-CryptoFlow-Fragment")

    func respond(to request: Request, context: Context) async throws -> Response {
        let method: PageRequest.Method =
            switch request.method {
            case .get: .get
            case .head: .head
            default: .other
            }
        guard
            let page = PageRequest(
                method: method, target: request.uri.string, host: request.head.authority,
                wantsFragment: Self.fragment.map { request.headers[$0] != nil } ?? false,
                knownTag: request.headers[.ifNoneMatch])
        else {
            return response(
                PageReply(status: 400, contentType: "text/plain; charset=utf-8", body: .text("This is no address.\n")),
                isHead: method == .head, context)
        }
        return response(await site.respond(to: page), isHead: method == .head, context)
    }

    private func response(_ reply: PageReply, isHead: Bool, _ context: Context) -> Response {
        var headers = HTTPFields()
        for header in reply.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        let status = HTTPResponse.Status(code: reply.status)
        switch reply.body {
        case .text(let text):
            if isHead { headers[.contentLength] = String(text.utf8.count) }
            let body = isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text))
            return Response(status: status, headers: headers, body: body)
        case .log, .events:
            return Response(status: status, headers: headers, body: isHead ? ResponseBody() : body(reply.body, context))
        }
    }

    /// A body that is sent piece by piece.
    private func body(_ body: PageReply.Body, _ context: Context) -> ResponseBody {
        let channel = context.channel
        return ResponseBody { writer in
            switch body {
            case .text: break
            case .events(let stream): try await stream.write(to: &writer, on: channel)
            case .log(let log):
                var offset: Int64 = 0
                while true {
                    let piece = try await log.chunk(from: offset, limit: 64 * 1024)
                    if piece.next == offset { break }
                    offset = piece.next
                    try await writer.write(ByteBuffer(string: piece.text))
                }
            }
            try await writer.finish(nil)
        }
    }
}
