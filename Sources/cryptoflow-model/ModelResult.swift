import FoundationEssentials

/// The program's last line: what the task's output becomes.
enum ModelResult: Encodable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case none

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number):
            if let whole = Int64(exactly: number) { try container.encode(whole) } else { try container.encode(number) }
        case .flag(let flag): try container.encode(flag)
        case .none: try container.encodeNil()
        }
    }

    /// Prints the members as one line of JSON.
    static func print(_ members: [String: ModelResult]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        StandardOutput.line(String(decoding: try encoder.encode(members), as: UTF8.self))
    }
}
