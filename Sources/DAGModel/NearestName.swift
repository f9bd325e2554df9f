/// "Did you mean": the known name closest to a mistyped one.
package enum NearestName {
    /// The candidate with the smallest edit distance to `name`, case ignored; nil when none is near enough to be
    /// what was meant (more than a third of the letters differ, at least two may). The first of equals wins.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(maximumLength))
        guard !wanted.isEmpty else { return nil }
        let limit = max(2, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for candidate in candidates where candidate != name {
            let letters = Array(candidate.lowercased().utf8.prefix(maximumLength))
            guard abs(letters.count - wanted.count) <= limit else { continue }
            let found = distance(wanted, letters)
            // Every letter replaced is no likeness.
            guard found <= limit, found < max(wanted.count, letters.count) else { continue }
            if found < best?.distance ?? Int.max { best = (candidate, found) }
        }
        return best?.name
    }

    /// Longer names are compared by their beginning, so a hostile document cannot make this slow.
    private static let maximumLength = 200

    /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        var current = beforePrevious
        for row in 1...max(left.count, 1) where row <= left.count {
            current[0] = row
            for column in 1...max(right.count, 1) where column <= right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var value = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    value = min(value, beforePrevious[column - 2] + 1)
                }
                current[column] = value
            }
            (beforePrevious, previous, current) = (previous, current, beforePrevious)
        }
        return previous[right.count]
    }
}
