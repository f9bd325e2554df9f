package import CivilTime

/// A `Timestamp` is a `timestamptz`: both are whole microseconds in UTC, so nothing is lost either way.
///
/// A `timestamp` without time zone is read as UTC, a `date` as its midnight in UTC. PostgreSQL's `infinity` has no
/// counterpart and is an error.
extension Timestamp: PostgresArrayElement {}

extension Timestamp: PostgresValue {
    package static var postgresType: PostgresType { .timestamptz }
    package static var postgresArrayType: PostgresType { .timestamptzArray }

    /// 2000-01-01T00:00:00Z, where PostgreSQL starts to count, in microseconds since 1970.
    private static let postgresEpoch: Int64 = 946_684_800_000_000
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    package func encode(into writer: inout PostgresWriter) {
        let (value, overflow) = microseconds.subtractingReportingOverflow(Self.postgresEpoch)
        // The lowest number means -infinity; the one above it makes the server say "timestamp out of range".
        writer.write(overflow || value == .min ? Int64.min + 1 : value)
    }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        let bytes = try cell.required(.timestamptz)
        switch (cell.type, cell.format) {
        case (.timestamptz, .binary), (.timestamp, .binary):
            let value = try cell.integer(bytes, as: Int64.self)
            let (sum, overflow) = value.addingReportingOverflow(Self.postgresEpoch)
            guard value != .min, value != .max, !overflow else {
                throw cell.unreadable(.timestamptz, "that is infinite or out of range")
            }
            self.init(microseconds: sum)
        case (.date, .binary):
            let days = try cell.integer(bytes, as: Int32.self)
            guard days != .min, days != .max else {
                throw cell.unreadable(.timestamptz, "that is infinite")
            }
            self.init(microseconds: Int64(days) * Self.microsecondsPerDay + Self.postgresEpoch)
        case (.timestamptz, .text), (.timestamp, .text), (.date, .text):
            guard let text = PostgresCell.text(bytes), let value = PostgresTime.timestamp(text: text) else {
                throw cell.unreadable(.timestamptz, "that is infinite or not in ISO style")
            }
            self = value
        default: throw cell.mismatch(.timestamptz)
        }
    }
}

/// PostgreSQL's ISO date style: `2026-01-01 09:30:00.5+00`.
enum PostgresTime {
    /// The instant, or nil for `infinity`, years before 1 and other date styles.
    static func timestamp(text: String) -> Timestamp? {
        var iso = text
        if let space = iso.firstIndex(of: " ") { iso.replaceSubrange(space...space, with: "T") }
        // "+09" lacks its minutes; "-03:30" has them. Only the part after the time of day can hold a sign.
        if let time = iso.firstIndex(of: "T"), let sign = iso[time...].lastIndex(where: { $0 == "+" || $0 == "-" }),
            iso.distance(from: sign, to: iso.endIndex) == 3
        {
            iso += ":00"
        }
        return Timestamp(iso8601: iso)
    }
}
