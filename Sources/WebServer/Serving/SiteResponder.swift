import Execution
import HTTPTypes
import Hummingbird
import NIOCore

/// Carries requests to the site and its answers onto the wire.
struct SiteResponder: HTTPResponder {
    typealias Context = BasicRequestContext

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
                wantsFragment: Self.fragment.map { request.headers[$0] != nil } ?? false)
        else {
            return response(
                PageReply(status: 400, contentType: "text/plain; charset=utf-8", body: .text("This is no address.\n")),
                isHead: method == .head)
        }
        return response(await site.respond(to: page), isHead: method == .head)
    }

    private func response(_ reply: PageReply, isHead: Bool) -> Response {
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
        case .log(let reader):
            if isHead { return Response(status: status, headers: headers, body: ResponseBody()) }
            let body = ResponseBody { writer in
                var offset: Int64 = 0
                while true {
                    let piece = reader.chunk(from: offset, limit: 64 * 1024)
                    if piece.next == offset { break }
                    offset = piece.next
                    try await writer.write(ByteBuffer(string: piece.text))
                }
                try await writer.finish(nil)
            }
            return Response(status: status, headers: headers, body: body)
        }
    }
}
