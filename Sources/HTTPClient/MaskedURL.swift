/// URLs as they may be shown: without credentials and without the values of secret query parameters.
package enum MaskedURL {
    /// Parts of parameter names that mark a secret, in lower case.
    private static let secretMarks = [
        "key", "token", "secret", "passw", "pwd", "auth", "signature", "credential", "session", "jwt",
    ]
    private static let secretNames: Set<String> = ["sig", "sign", "code", "pass", "pin"]

    /// The URL with "***" for its credentials and for secret parameter values, and without its fragment.
    ///
    /// Works on text that is no URL too, and then hides everything up to the last "@".
    package static func mask(_ url: String) -> String {
        var rest = url[...]
        if let hash = rest.firstIndex(of: "#") { rest = rest[..<hash] }
        var query: Substring?
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        let shown = maskCredentials(rest)
        guard let query else { return shown }
        let parameters = query.split(separator: "&", omittingEmptySubsequences: false).map(maskParameter)
        return shown + "?" + parameters.joined(separator: "&")
    }

    private static func maskCredentials(_ text: Substring) -> String {
        var scheme: Substring = ""
        var rest = text
        if let mark = rest.firstIndex(of: ":"), rest[mark...].hasPrefix("://") {
            let start = rest.index(mark, offsetBy: 3)
            scheme = rest[..<start]
            rest = rest[start...]
        }
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        // A password with a slash in it breaks the URL and would leave its tail behind the authority: when the
        // authority's port is no number, everything up to the last "@" may be a password.
        let authority = rest[..<authorityEnd]
        let afterColon = authority.lastIndex(of: ":").map { authority[authority.index(after: $0)...] } ?? ""
        let brokenPort = !authority.contains("]") && afterColon.contains { !$0.isNumber }
        let searched = brokenPort || scheme.isEmpty ? rest : authority
        guard let at = searched.lastIndex(of: "@") else { return String(text) }
        return scheme + "***@" + rest[rest.index(after: at)...]
    }

    private static func maskParameter(_ parameter: Substring) -> String {
        guard let equals = parameter.firstIndex(of: "=") else { return String(parameter) }
        let name = parameter[..<equals].lowercased()
        guard secretNames.contains(name) || secretMarks.contains(where: name.contains) else {
            return String(parameter)
        }
        return parameter[...equals] + "***"
    }
}
