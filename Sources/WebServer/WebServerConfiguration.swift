package import CivilTime

/// How the pages are served.
package struct WebServerConfiguration: Sendable {
    /// The address to listen on.
    package var host: String
    /// 0 takes a free port.
    package var port: Int
    /// Names, besides this machine's own, by which the pages may be asked for; others are refused.
    package var otherHosts: [String]
    /// The program's version, for `/health` and the foot of every page.
    package var version: String
    /// A note at the head of every page; nil for none.
    package var notice: String?
    /// Whether the recording behind the notice has come to its end, asked for every page.
    package var recordingHasEnded: @Sendable () -> Bool
    /// The wall clock.
    package var now: @Sendable () -> Timestamp
    /// How long a page may wait for the database before it says that there is none.
    package var patience: Duration

    package init(
        host: String = "127.0.0.1", port: Int = 8080, otherHosts: [String] = [], version: String,
        notice: String? = nil, recordingHasEnded: @escaping @Sendable () -> Bool = { false },
        now: @escaping @Sendable () -> Timestamp = { .now() }, patience: Duration = .seconds(5)
    ) {
        self.host = host
        self.port = port
        self.otherHosts = otherHosts
        self.version = version
        self.notice = notice
        self.recordingHasEnded = recordingHasEnded
        self.now = now
        self.patience = patience
    }
}

/// Why the pages cannot be served.
package struct WebServerError: Error, Hashable, CustomStringConvertible {
    /// One sentence for people, with what to do.
    package let description: String
}
