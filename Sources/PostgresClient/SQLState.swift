/// The five characters by which PostgreSQL names a condition (appendix A of its manual).
package struct SQLState: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package var description: String { rawValue }

    /// The first two characters: `23` is every integrity violation, `08` every connection exception.
    package var classCode: Substring { rawValue.prefix(2) }

    package static let notNullViolation = Self(rawValue: "23502")
    package static let foreignKeyViolation = Self(rawValue: "23503")
    package static let uniqueViolation = Self(rawValue: "23505")
    package static let checkViolation = Self(rawValue: "23514")
    package static let exclusionViolation = Self(rawValue: "23P01")
    package static let inFailedTransaction = Self(rawValue: "25P02")
    package static let idleInTransactionTimeout = Self(rawValue: "25P03")
    package static let invalidStatementName = Self(rawValue: "26000")
    package static let undefinedDatabase = Self(rawValue: "3D000")
    package static let serializationFailure = Self(rawValue: "40001")
    package static let deadlockDetected = Self(rawValue: "40P01")
    package static let syntaxError = Self(rawValue: "42601")
    package static let undefinedColumn = Self(rawValue: "42703")
    package static let undefinedTable = Self(rawValue: "42P01")
    package static let duplicateTable = Self(rawValue: "42P07")
    package static let insufficientPrivilege = Self(rawValue: "42501")
    package static let tooManyConnections = Self(rawValue: "53300")
    package static let lockNotAvailable = Self(rawValue: "55P03")
    package static let queryCanceled = Self(rawValue: "57014")
    package static let adminShutdown = Self(rawValue: "57P01")
    package static let crashShutdown = Self(rawValue: "57P02")
    package static let cannotConnectNow = Self(rawValue: "57P03")
    package static let raisedException = Self(rawValue: "P0001")
    static let featureNotSupported = Self(rawValue: "0A000")

    /// Whether the server ended the session, so that nothing more can be sent on the connection.
    var endsConnection: Bool {
        classCode == "08"
            || [.adminShutdown, .crashShutdown, .cannotConnectNow, .idleInTransactionTimeout].contains(self)
            || rawValue == "57P05"
    }

    /// Whether the same work may well succeed when it is started anew.
    var isTransient: Bool {
        endsConnection || classCode == "40" || classCode == "53" || self == .lockNotAvailable
    }
}
