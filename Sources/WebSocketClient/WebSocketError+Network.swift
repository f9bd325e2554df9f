import NIOCore
import NIOPosix
import NIOSSL

extension WebSocketError {
    /// What swift-nio reports while a connection is made, for people.
    init(url: WebSocketURL, during error: any Error) {
        switch error {
        case let error as WebSocketError: self = error
        case let error as NIOConnectionError: self.init(url: url, error)
        case ChannelError.connectTimeout(let time):
            self.init(
                .timeout, url: url.shown, reason: "no TCP connection within \(time.nanoseconds / 1_000_000) ms",
                advice: "check the network and any firewall")
        case let error as NIOSSLError: self.init(url: url, tls: "\(error)")
        case let error as BoringSSLError: self.init(url: url, tls: "\(error)")
        case let error as NIOSSLExtraError:
            self.init(
                .tls, url: url.shown, reason: "the server's certificate is not one for \(url.host) (\(error))",
                advice: "check the host's name")
        case is CancellationError:
            self.init(.cancelled, url: url.shown, reason: "cancelled while connecting")
        case let error as IOError:
            self.init(.connect, url: url.shown, reason: "no connection (\(error.description))")
        default:
            self.init(.lost, url: url.shown, reason: "the answer to the upgrade is not HTTP or broke off (\(error))")
        }
    }

    private init(url: WebSocketURL, _ error: NIOConnectionError) {
        if let reason = error.dnsAError ?? error.dnsAAAAError, error.connectionErrors.isEmpty {
            self.init(
                .resolve, url: url.shown, reason: "the name \(error.host) has no address (\(reason))",
                advice: "check the name, and that this machine can resolve names")
            return
        }
        if error.connectionErrors.contains(where: { ($0.error as? ChannelError)?.isTimeout ?? false }) {
            self.init(
                .timeout, url: url.shown, reason: "no TCP connection to port \(error.port) in time",
                advice: "check the network and any firewall")
            return
        }
        let reasons = error.connectionErrors.map { single in
            (single.error as? IOError)?.description ?? "\(single.error)"
        }
        var seen: Set<String> = []
        let text = reasons.filter { seen.insert($0).inserted }.joined(separator: "; ")
        self.init(
            .connect, url: url.shown, reason: "no TCP connection to port \(error.port) (\(text))",
            advice: "check that the server runs there")
    }

    private init(url: WebSocketURL, tls text: String) {
        let isCertificate = text.contains("CERTIFICATE_VERIFY_FAILED")
        let reason =
            isCertificate
            ? "the server's certificate is not one to trust (\(text))"
            : "no TLS connection (\(text))"
        let advice =
            isCertificate
            ? "check the machine's time and its ca-certificates, or that nothing stands between"
            : "check that the server speaks TLS at this port"
        self.init(.tls, url: url.shown, reason: reason, advice: advice)
    }
}

extension ChannelError {
    fileprivate var isTimeout: Bool {
        if case .connectTimeout = self { true } else { false }
    }
}
