import ArgumentParser
import HTTPClient
import Hosting

/// Which feed the user asked for.
package enum FeedChoice: String, Sendable, CaseIterable, ExpressibleByArgument {
    case live, recorded, auto

    /// The feed to use, and a sentence when it is not what was asked for.
    ///
    /// `auto` asks the exchange once, at the first start, and then stays with what it found.
    func settle(remembered: HomeState.Feed?, exchange url: String, client: HTTPClient) async -> (
        HomeState.Feed, note: String?
    ) {
        switch self {
        case .live: return (.live, nil)
        case .recorded: return (.recorded, nil)
        case .auto:
            if let remembered { return (remembered, nil) }
            if let problem = await Self.problem(reaching: url, client: client) {
                return (
                    .recorded,
                    "Upbit cannot be reached (\(problem)), so this uses recorded data; with a network, start with --feed live"
                )
            }
            return (.live, nil)
        }
    }

    /// Why the exchange cannot be reached; nil when it answers.
    private static func problem(reaching url: String, client: HTTPClient) async -> String? {
        do throws(HTTPClientError) {
            var request = HTTPRequest(url: url + "/v1/market/all")
            request.connectTimeout = .seconds(2)
            request.timeout = .seconds(4)
            let response = try await client.send(request)
            return (200..<300).contains(response.status) ? nil : "it answered \(response.status)"
        } catch {
            return error.reason
        }
    }
}
