/// Finds a text within another, scalar by scalar as Python does (not by canonical equivalence).
///
/// Texts of one letter make every place worth a look, so what is compared is charged.
private struct TextSearch {
    private let bytes: String.UTF8View
    private let wanted: [UInt8]
    private var compared = 0

    init(for part: String, in text: String) {
        bytes = text.utf8
        wanted = Array(part.utf8)
    }

    mutating func first(from start: String.Index) throws(Failure) -> Range<String.Index>? {
        guard let first = wanted.first else { return nil }
        var index = start
        while let candidate = bytes[index...].firstIndex(of: first) {
            guard let end = bytes.index(candidate, offsetBy: wanted.count, limitedBy: bytes.endIndex) else { break }
            if try matches(at: candidate) { return candidate..<end }
            index = bytes.index(after: candidate)
        }
        try Meter.charge(compared >> 4)
        return nil
    }

    mutating func last() throws(Failure) -> Range<String.Index>? {
        guard !wanted.isEmpty,
            var start = bytes.index(bytes.endIndex, offsetBy: -wanted.count, limitedBy: bytes.startIndex)
        else { return nil }
        while try !matches(at: start) {
            guard start > bytes.startIndex else {
                try Meter.charge(compared >> 4)
                return nil
            }
            start = bytes.index(before: start)
        }
        return start..<bytes.index(start, offsetBy: wanted.count)
    }

    private mutating func matches(at start: String.Index) throws(Failure) -> Bool {
        var count = 0
        var index = start
        while count < wanted.count, bytes[index] == wanted[count] {
            count += 1
            index = bytes.index(after: index)
        }
        compared += count
        if compared > 4096 || count == wanted.count {
            try Meter.charge(compared >> 4)
            compared = 0
        }
        return count == wanted.count
    }
}

extension String {
    /// Where a text first occurs; nil for an empty one.
    func firstRange(ofScalars part: String, from start: String.Index? = nil) throws(Failure) -> Range<String.Index>? {
        var search = TextSearch(for: part, in: self)
        return try search.first(from: start ?? startIndex)
    }

    /// Where a text last occurs; nil for an empty one.
    func lastRange(ofScalars part: String) throws(Failure) -> Range<String.Index>? {
        var search = TextSearch(for: part, in: self)
        return try search.last()
    }
}
