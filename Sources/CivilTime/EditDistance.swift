/// The Levenshtein distance, for "did you mean" in messages.
package enum EditDistance {
    /// The number of single-byte edits between two texts; any value above `limit` stands for "more than that".
    package static func between(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int {
        guard abs(left.count - right.count) <= limit else { return limit + 1 }
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            var smallest = row[0]
            for (j, b) in right.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
                smallest = min(smallest, next)
            }
            if smallest > limit { return limit + 1 }
        }
        return row[right.count]
    }
}
