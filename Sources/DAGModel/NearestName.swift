import CivilTime

/// "Did you mean": the known name closest to a mistyped one.
package enum NearestName {
    /// The candidate with the smallest edit distance to `name`, case ignored; nil when none is near enough to be what
    /// was meant (more than a third of the letters differ; two may always).
    ///
    /// The first of equals wins.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(maximumLength))
        guard !wanted.isEmpty else { return nil }
        let limit = max(2, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for candidate in candidates where candidate != name {
            let letters = Array(candidate.lowercased().utf8.prefix(maximumLength))
            let distance = EditDistance.between(wanted, letters, limit: limit)
            // Every letter replaced is no likeness.
            guard distance <= limit, distance < max(wanted.count, letters.count) else { continue }
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Longer names are compared by their beginning, so a hostile document cannot make this slow.
    private static let maximumLength = 200
}
