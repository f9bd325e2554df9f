/// `[[fill]align][sign][0][width][,_][.precision][type]`.
struct FormatSpecification {
    private var filler: Unicode.Scalar = " "
    private var align: Unicode.Scalar?
    private var sign: Unicode.Scalar?
    private var width = 0
    private var grouping: Character?
    private var precision: Int?
    private var type: Unicode.Scalar?
    private let specification: String

    static func text(_ value: Value, _ specification: String) throws(Failure) -> String {
        if specification.isEmpty { return try value.text() }
        switch value {
        case .date(let date): return try DateFormat.text(date, given: specification)
        case .bool, .int, .double, .string:
            return try FormatSpecification(specification).text(value)
        default:
            throw Failure("the format '\(specification)' does not fit \(value.kindDescription)", hint: "use '!s'")
        }
    }

    private init(_ specification: String) throws(Failure) {
        self.specification = specification
        var rest = Array(specification.unicodeScalars)[...]
        let aligns: Set<Unicode.Scalar> = ["<", ">", "^", "="]
        if rest.count > 1, let second = rest.dropFirst().first, aligns.contains(second) {
            filler = rest.removeFirst()
            align = rest.removeFirst()
        } else if let first = rest.first, aligns.contains(first) {
            align = rest.removeFirst()
        }
        if let first = rest.first, first == "+" || first == "-" || first == " " { sign = rest.removeFirst() }
        if rest.first == "0" {
            rest.removeFirst()
            if align == nil { (filler, align) = ("0", "=") }
        }
        func number() throws(Failure) -> Int? {
            var result: Int?
            while let scalar = rest.first, ("0"..."9").contains(scalar) {
                result = (result ?? 0) * 10 + Int(rest.removeFirst().value) - 48
                guard result ?? 0 <= 10_000 else { throw Arithmetic.tooLarge }
            }
            return result
        }
        width = try number() ?? 0
        if rest.first == "," || rest.first == "_" { grouping = Character(rest.removeFirst()) }
        if rest.first == "." {
            rest.removeFirst()
            precision = try number()
            guard let precision, precision <= 100 else {
                throw Failure("the format '\(specification)' needs a precision of at most 100")
            }
        }
        type = rest.popFirst()
        guard rest.isEmpty else { throw Failure("the format '\(specification)' is not available in this version") }
    }

    private var misfit: Failure { Failure("the format '\(specification)' does not fit the value") }

    private func text(_ value: Value) throws(Failure) -> String {
        guard case .string(let text) = value else { return try laidOut(number(value)) }
        guard type == nil || type == "s", sign == nil, grouping == nil, align != "=" || filler == "0" else {
            throw misfit
        }
        guard align != "=" else { throw misfit }
        let scalars = text.unicodeScalars
        let piece = precision.map { String(String.UnicodeScalarView(scalars.prefix($0))) } ?? text
        return filled(piece, align ?? "<")
    }

    /// The number's digits with its sign.
    private func number(_ value: Value) throws(Failure) -> (sign: String, digits: String, groups: Int) {
        let isNegative: Bool
        var digits: String
        var groups = 3
        let isWhole = value.integer != nil && (type == nil || type == "n")
        switch type {
        case _ where isWhole, "d", "x", "X", "o", "b":
            if case .bool(let flag) = value, type == nil {
                guard grouping == nil, precision == nil else { throw misfit }
                return ("", flag ? "1" : "0", 3)
            }
            guard let number = value.integer, precision == nil else { throw misfit }
            isNegative = number < 0
            let radix = type == "o" ? 8 : type == "b" ? 2 : type == "x" || type == "X" ? 16 : 10
            guard radix == 10 || grouping != "," else { throw misfit }
            groups = radix == 10 ? 3 : 4
            digits = String(number.magnitude, radix: radix, uppercase: type == "X")
        case "c":
            guard let code = value.integer, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init), sign == nil
            else { throw misfit }
            return ("", String(Character(scalar)), 3)
        case nil, "f", "F", "e", "E", "g", "G", "%", "n":
            guard let number = value.number, type != "n" || grouping == nil else { throw misfit }
            let scaled = type == "%" ? number * 100 : number
            isNegative = number.sign == .minus && !number.isNaN
            switch type {
            case "%": digits = Decimals.text(scaled.magnitude, precision ?? 6, as: "f") + "%"
            case nil:
                digits = precision.map { Self.general(scaled.magnitude, $0) } ?? Decimals.text(scaled.magnitude)
            case "n": digits = Decimals.text(scaled.magnitude, precision ?? 6, as: "g")
            case let type?: digits = Decimals.text(scaled.magnitude, precision ?? 6, as: type)
            }
        default: throw misfit
        }
        let mark = isNegative ? "-" : sign == "+" ? "+" : sign == " " ? " " : ""
        return (mark, digits, groups)
    }

    /// A float without a type: like `g`, but with a digit after the point.
    private static func general(_ number: Double, _ precision: Int) -> String {
        guard number.isFinite else { return Decimals.text(number) }
        let digits = max(precision, 1)
        let exponent = Int(Decimals.text(number, digits - 1, as: "e").split(separator: "e").last ?? "0") ?? 0
        let text = Decimals.text(number, digits, as: "g")
        if text.contains("e") || text.contains(".") { return text }
        // Python changes to an exponent one digit earlier here, so that `.0` fits.
        guard exponent >= digits - 1 else { return text + ".0" }
        return Decimals.text(number, digits - 1, as: "e").replacing(/\.?0*e/, with: "e")
    }

    private func laidOut(_ number: (sign: String, digits: String, groups: Int)) -> String {
        let whole = number.digits.prefix { $0.isHexDigit }
        let rest = number.digits.dropFirst(whole.count)
        var digits = String(whole)
        if let grouping {
            if filler == "0", align == "=" {
                // Zeros are grouped too, and none of the groups is empty.
                let room = width - rest.count - number.sign.count
                let wanted = room - (room - 1) / (number.groups + 1)
                digits = String(repeating: "0", count: max(wanted - digits.count, 0)) + digits
            }
            digits = Self.grouped(digits, grouping, number.groups)
        }
        let piece = digits + rest
        if align == "=" {
            let missing = max(width - number.sign.count - piece.unicodeScalars.count, 0)
            return number.sign + String(repeating: String(Character(filler)), count: missing) + piece
        }
        return filled(number.sign + piece, align ?? (type == "c" ? "<" : ">"))
    }

    private func filled(_ piece: String, _ align: Unicode.Scalar) -> String {
        let missing = max(width - piece.unicodeScalars.count, 0)
        let fill = String(Character(filler))
        switch align {
        case ">": return String(repeating: fill, count: missing) + piece
        case "^":
            return String(repeating: fill, count: missing / 2) + piece
                + String(repeating: fill, count: missing - missing / 2)
        default: return piece + String(repeating: fill, count: missing)
        }
    }

    private static func grouped(_ digits: String, _ separator: Character, _ size: Int) -> String {
        var result = ""
        let count = digits.utf8.count
        for (index, digit) in digits.enumerated() {
            if index > 0, (count - index).isMultiple(of: size) { result.append(separator) }
            result.append(digit)
        }
        return result
    }
}
