/// Why the private PostgreSQL cluster cannot be used, told for the person at the terminal.
///
/// `description` is one sentence that names the thing and the expectation, `advice` the next step to take (nil when there is
/// none), `details` the last lines of the log or of a program's output, never a password.
package struct PrivateClusterError: Error, CustomStringConvertible, Equatable {
    /// Kinds a caller may react to.
    ///
    /// More may be added: match with `==` and keep a default.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The canonical lower-case token.
        package let description: String

        /// The home, or a folder in it, cannot be made, read or written, or its path cannot be used.
        package static let unusableHome = Self(description: "unusable_home")
        /// No usable PostgreSQL server programs were found.
        package static let missingPrograms = Self(description: "missing_programs")
        /// The process is root and there is no unprivileged user to run PostgreSQL as.
        package static let noUnprivilegedUser = Self(description: "no_unprivileged_user")
        /// Another live process of ours uses the same home.
        package static let homeInUse = Self(description: "home_in_use")
        /// The data were made by another major version of PostgreSQL.
        package static let otherMajorVersion = Self(description: "other_major_version")
        /// The disk that holds the home has no room.
        package static let diskFull = Self(description: "disk_full")
        /// `initdb` failed.
        package static let initializationFailed = Self(description: "initialization_failed")
        /// PostgreSQL did not start, or ended before it accepted connections.
        package static let startFailed = Self(description: "start_failed")
        /// The cluster is not running, or was stopped while it was awaited.
        package static let notRunning = Self(description: "not_running")
    }

    /// The kind.
    package let code: Code
    /// One sentence: what, where, why.
    package let message: String
    /// What to do next, as a sentence; nil when there is nothing to advise.
    package let advice: String?
    /// The last lines of a log or of a program's output; empty when there are none.
    package let details: String

    /// Makes an error from its parts.
    package init(_ code: Code, _ message: String, advice: String? = nil, details: String = "") {
        self.code = code
        self.message = message
        self.advice = advice
        self.details = details
    }

    /// The sentence, the advice, and the details indented below.
    package var description: String {
        var text = message
        if let advice { text += " " + advice }
        for line in details.split(separator: "\n") { text += "\n    " + line }
        return text
    }
}
