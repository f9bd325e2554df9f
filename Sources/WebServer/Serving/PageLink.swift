import DAGModel

/// Addresses of pages.
///
/// Every id is one path segment, whatever characters it has.
enum PageLink {
    static func dag(_ dag: DAGID) -> String { "/dags/" + encoded(dag.rawValue) }

    static func run(_ dag: DAGID, _ runID: String) -> String { self.dag(dag) + "/runs/" + encoded(runID) }

    static func task(_ dag: DAGID, _ runID: String, _ instance: TaskInstanceKey, tryNumber: Int? = nil) -> String {
        run(dag, runID) + "/tasks/" + encoded(instance.task.rawValue) + query(instance, tryNumber)
    }

    /// The whole log as plain text.
    static func log(_ dag: DAGID, _ runID: String, _ instance: TaskInstanceKey, tryNumber: Int) -> String {
        run(dag, runID) + "/tasks/" + encoded(instance.task.rawValue) + "/log" + query(instance, tryNumber)
    }

    static func market(_ market: String, exchange: String) -> String {
        "/market/\(encoded(market))?exchange=\(encoded(exchange))"
    }

    /// The live page of a market.
    static func live(_ id: LiveMarketID) -> String {
        "/live/\(encoded(id.market))?exchange=\(encoded(id.exchange))"
    }

    private static func query(_ instance: TaskInstanceKey, _ tryNumber: Int?) -> String {
        var parts: [String] = []
        if let tryNumber { parts.append("try=\(tryNumber)") }
        if instance.mapIndex >= 0 { parts.append("map=\(instance.mapIndex)") }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    /// Percent-encoded but for RFC 3986's unreserved characters.
    static func encoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
