import DAGModel
import FoundationEssentials
import PostgresClient
import SchedulerCore

extension RunKey: PostgresValue {}
extension AttemptID: PostgresValue {}
extension BackfillID: PostgresValue {}
extension DAGID: PostgresValue {}
extension TaskID: PostgresValue {}
extension DAGVersionID: PostgresValue {}
extension RunState: PostgresValue {}
extension TaskState: PostgresValue {}
extension AttemptState: PostgresValue {}
extension RunType: PostgresValue {}
extension DueFate: PostgresValue {}
extension BackfillState: PostgresValue {}
extension ReprocessBehavior: PostgresValue {}
extension NotificationID: PostgresValue {}
extension NotificationState: PostgresValue {}
extension CallbackEvent: PostgresValue {}

/// What goes into text and JSON columns, and comes out of them.
enum StoredText {
    /// PostgreSQL's text cannot hold a zero character; one in a reason or a name must not fail a whole commit for good.
    static func clean(_ text: String) -> String {
        text.utf8.contains(0) ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }

    static func clean(_ text: String?) -> String? { text.map { clean($0) } }

    /// JSON with sorted keys, so that equal values have equal texts.
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// - Throws: ``RunStoreError/corrupt(_:)`` naming `what`.
    static func decode<Value: Decodable>(_ text: String, as what: @autoclosure () -> String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw RunStoreError.corrupt("\(what()): \(problem(error))")
        }
    }

    /// What a decoder says, in one sentence.
    static func problem(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return "it is not of the expected form"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }

    /// A JSON column's text as a value.
    static func json(_ text: String, of what: @autoclosure () -> String) throws -> JSONValue {
        do { return try JSONValue(parsing: text) } catch {
            throw RunStoreError.corrupt("\(what()): \(problem(error))")
        }
    }
}
