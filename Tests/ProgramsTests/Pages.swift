import HTTPClient

/// The pages of a program, asked as a browser or a script would.
struct Pages: Sendable {
    private let address: String
    private let http: HTTPClient

    /// Asks a program for its pages while `body` runs.
    ///
    /// - Parameter line: what the program says of its address.
    static func with(_ line: String, _ body: (Pages) async throws -> Void) async throws {
        let address = String(line.split(separator: " ").last { $0.hasPrefix("http") } ?? "")
        let http = HTTPClient()
        do {
            try await body(Pages(address: address, http: http))
        } catch {
            await http.shutDown()
            throw error
        }
        await http.shutDown()
    }

    /// The body of a page that has come to contain `text`: asked for until it does.
    @discardableResult
    func body(_ path: String, containing text: String) async throws -> String {
        while true {
            let reply = try await http.send(HTTPRequest(url: address + path))
            if reply.status == 200, reply.text.contains(text) { return reply.text }
            await Task.yield()
        }
    }
}
