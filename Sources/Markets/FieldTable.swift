/// The names of an object's fields, in the order in which an exchange usually sends them.
///
/// The order is only a guess that makes finding fast: the next name is nearly always the one after the last.
struct FieldTable: Sendable {
    private let names: [[UInt8]]
    private let patterns: [BytePattern]
    private let required: UInt64

    /// At most 64 names; those in `optional` may be missing.
    init(_ names: [String], optional: Set<String> = []) {
        precondition(names.count <= 64, "a field table holds at most 64 names")
        self.names = names.map { Array($0.utf8) }
        patterns = names.map { BytePattern("\"\($0)\":") }
        required = names.enumerated().reduce(0) { mask, name in
            optional.contains(name.element) ? mask : mask | (1 << UInt64(name.offset))
        }
    }

    func name(_ index: Int) -> String {
        String(decoding: names[index], as: UTF8.self)
    }

    /// The field whose name, quotes and colon stand at `position` just as exchanges write them, and what they take.
    ///
    /// Nil also for a known name that is written in another way, with an escape or a space.
    @inline(__always)
    func written(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: Int, guess: Int
    ) -> (index: Int, length: Int)? {
        var index = guess
        for _ in 0..<patterns.count {
            if index >= patterns.count { index = 0 }
            if patterns[index].matches(bytes, at: position) { return (index, patterns[index].length) }
            index += 1
        }
        return nil
    }

    /// The index of a name, searched from the guess on and around; nil for an unknown one.
    func index(of name: UnsafeBufferPointer<UInt8>, guess: Int) -> Int? {
        var index = guess
        for _ in 0..<names.count {
            if index >= names.count { index = 0 }
            if names[index].count == name.count, names[index].elementsEqual(name) { return index }
            index += 1
        }
        return nil
    }

    /// The first required name that is not among those seen.
    func missing(seen: UInt64) -> String? {
        let missing = required & ~seen
        return missing == 0 ? nil : name(missing.trailingZeroBitCount)
    }
}
