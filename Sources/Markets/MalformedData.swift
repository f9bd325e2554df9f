/// What is wrong with an exchange's data, and where.
package struct MalformedData: Error, Sendable, Hashable, CustomStringConvertible {
    /// The row of the reply, counted from 0; nil when the trouble is not within one row.
    package var row: Int?
    /// The field as the exchange calls it.
    package var field: String?
    /// The byte of the body at or after which the trouble was seen.
    package let offset: Int
    /// What was found and what would be right, in words that follow the field's name.
    package let reason: String

    /// What is wrong, and where.
    package init(row: Int? = nil, field: String? = nil, offset: Int, reason: String) {
        self.row = row
        self.field = field
        self.offset = offset
        self.reason = reason
    }

    package var description: String {
        var place: [String] = []
        if let row { place.append("row \(row)") }
        if let field { place.append("field \(field)") }
        place.append("byte \(offset)")
        return place.joined(separator: ", ") + ": " + reason
    }
}
