/// Which `Host` headers are answered.
///
/// A page of another site can point its own name at this machine (DNS rebinding); its requests then carry that name.
struct HostCheck: Sendable {
    private let names: Set<String>

    /// - Parameters:
    ///   - bound: the address listened on.
    ///   - others: names by which a proxy or a colleague reaches the pages.
    init(bound: String, others: [String]) {
        names = Set((["127.0.0.1", "localhost", "::1", bound] + others).map(Self.bare))
    }

    func allows(_ header: String?) -> Bool {
        guard let header, let name = Self.name(of: header) else { return false }
        return names.contains(Self.bare(name))
    }

    /// The name without brackets, a final dot and upper case.
    private static func bare(_ name: String) -> String {
        var name = name.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix("."), name.count > 1 { name.removeLast() }
        return name
    }

    /// `name[:port]` without its port; nil when that is none.
    private static func name(of header: String) -> String? {
        let port: Substring
        let name: Substring
        if header.hasPrefix("[") {
            guard let end = header.firstIndex(of: "]") else { return nil }
            name = header[...end]
            port = header[header.index(after: end)...]
        } else {
            name = header.prefix { $0 != ":" }
            port = header.dropFirst(name.count)
        }
        guard port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy(\.isNumber)) else { return nil }
        return name.isEmpty ? nil : String(name)
    }
}
