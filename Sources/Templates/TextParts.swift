/// The parts of a text, refused as soon as they would become too long together.
struct TextParts {
    private let separator: String
    private var parts: [String] = []
    private var length = 0

    init(separator: String) { self.separator = separator }

    var isEmpty: Bool { parts.isEmpty }

    /// Adds a part, of pieces that stand side by side.
    mutating func append(_ pieces: String...) throws(Failure) {
        let size = pieces.reduce(separator.utf8.count) { $0 + $1.utf8.count }
        try Meter.charge(1)
        try Meter.charge(bytes: size)
        length += size
        guard length <= 2 * Template.maximumOutput else {
            throw Failure("the text is longer than \(Template.maximumOutput) bytes")
        }
        parts.append(pieces.joined())
    }

    func joined(_ open: String, _ close: String) -> String { open + parts.joined(separator: separator) + close }
}
