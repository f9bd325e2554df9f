/// Reading the rows of a reply one by one, so that a senseless row does not spoil its neighbours.
extension DecodedRows {
    /// Reads an array of rows.
    ///
    /// What is not JSON throws; a row that `row` refuses is listed as rejected.
    static func read(
        _ bytes: [UInt8], _ row: (inout JSONReader) throws(MalformedData) -> Value
    ) throws(MalformedData) -> DecodedRows {
        try JSONReader.read(bytes) { (reader: inout JSONReader) throws(MalformedData) in
            var rows = DecodedRows(accepted: [], rejected: [])
            try reader.array { (reader: inout JSONReader, index: Int) throws(MalformedData) in
                reader.skipSpace()
                let start = reader.position
                let depth = reader.currentDepth
                do throws(MalformedData) {
                    let value = try row(&reader)
                    rows.accepted.append(MarketRow(value: value, payload: start..<reader.position))
                } catch {
                    var problem = error
                    problem.row = index
                    // When the row is not even JSON this throws, and so the whole reply is refused.
                    try reader.skip(from: start, depth: depth)
                    rows.rejected.append(
                        RejectedRow(index: index, payload: start..<reader.position, problem: problem))
                }
            }
            return rows
        }
    }
}

extension JSONReader {
    /// A market's code.
    mutating func marketCode() throws(MalformedData) -> MarketCode {
        let start = position
        if let code = try plainString({ MarketCode($0) }) { return code }
        throw MalformedData(offset: start, reason: "not a market such as KRW-BTC")
    }

    /// A decimal, or nil for null.
    mutating func optionalDecimal() throws(MalformedData) -> ExactDecimal? {
        try null() ? nil : try decimal()
    }

    /// A string, or nil for null.
    mutating func optionalString() throws(MalformedData) -> String? {
        try null() ? nil : try string()
    }

    /// A number that must be zero or more.
    mutating func amount() throws(MalformedData) -> ExactDecimal {
        let value = try decimal()
        guard !value.isNegative else { throw failure("\(value) is negative") }
        return value
    }

    /// A number that must be more than zero.
    mutating func price() throws(MalformedData) -> ExactDecimal {
        let value = try decimal()
        guard value.significand > 0 else { throw failure("\(value) is not a price, which is more than zero") }
        return value
    }
}
