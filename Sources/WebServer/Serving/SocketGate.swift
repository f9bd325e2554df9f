import HTTPTypes
import Hummingbird
import Logging
import WebSocketServer

/// Decides who may open a WebSocket: as for pages, the host has to be ours, and a browser's page too.
struct SocketGate: Sendable {
    let site: WebSite

    static let settings = {
        var settings = WebSocketServerSettings()
        settings.maxMessageBytes = 16 * 1_024
        settings.pingInterval = .seconds(20)
        settings.idleTimeout = .seconds(60)
        return settings
    }()

    func decide(_ request: HTTPRequest) -> WebSocketUpgradeDecision {
        let page = PageRequest(method: .get, target: request.path ?? "", host: request.authority)
        guard let page, page.segments == ["ws", "prices"] else { return .refuse }
        let decision = decision(page, origin: request.headerFields[.origin])
        let status =
            switch decision {
            case .upgrade: 101
            case .reject(let status, _, _): status.code
            case .refuse: 426
            }
        site.metrics.count(RouteName.of(page.segments), status: status, took: .zero)
        site.logger.info("websocket", metadata: ["http.path": "/ws/prices", "http.status": "\(status)"])
        return decision
    }

    private func decision(_ page: PageRequest, origin: String?) -> WebSocketUpgradeDecision {
        guard site.hosts.allows(page.host) else {
            return .reject(.misdirectedRequest, [:], body: PageReply.foreignHost.text)
        }
        guard Self.isSame(origin: origin, host: page.host) else {
            return .reject(.forbidden, [:], body: "Pages of other sites may not listen here.\n")
        }
        guard let live = site.live else {
            return .reject(.serviceUnavailable, [:], body: "No real-time path runs in this program.\n")
        }
        let socket = PriceSocket(hub: live.hub, desk: live.desk)
        return .upgrade([:]) { connection in await socket.run(connection) }
    }

    /// Whether a page that asks is one of ours; programs other than browsers send no origin.
    static func isSame(origin: String?, host: String?) -> Bool {
        guard let origin = origin?.lowercased() else { return true }
        guard let host = host?.lowercased() else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
