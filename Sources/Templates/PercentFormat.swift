/// Python's `'%s and %05d' % (a, b)` and `'%(a)s' % {'a': 1}`.
struct PercentFormat {
    private var scalars: ArraySlice<Unicode.Scalar>
    private var values: ArraySlice<Value>
    private let map: ValueMap?
    private let escapes: Bool

    /// The text of a format; `escapes` for one that is markup.
    static func text(_ format: String, _ argument: Value, escapes: Bool = false) throws(Failure) -> String {
        var formatter = PercentFormat(format, argument, escapes)
        return try formatter.text(argument)
    }

    private init(_ format: String, _ argument: Value, _ escapes: Bool) {
        scalars = Array(format.unicodeScalars)[...]
        if case .tuple(let elements) = argument { values = elements.elements[...] } else { values = [argument] }
        if case .map(let found) = argument { map = found } else { map = nil }
        self.escapes = escapes
    }

    /// `#`, `0`, `-`, blank and `+`, the width and the precision of a conversion.
    private struct Layout {
        var flags: Set<Unicode.Scalar> = []
        var width = 0
        var precision: Int?
    }

    private mutating func text(_ argument: Value) throws(Failure) -> String {
        var result = ""
        var usesNames = false
        while let scalar = scalars.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            var named: Value?
            if scalars.first == "(" {
                named = try self.named()
                usesNames = true
            }
            var layout = try self.layout()
            let conversion = try next()
            if conversion == "%" {
                result += "%"
                continue
            }
            if "hlL".unicodeScalars.contains(conversion) {
                throw Failure("the format conversion '%\(conversion)' is not available in this version")
            }
            let value = if let named { named } else { try value() }
            var piece = try piece(value, conversion, &layout)
            let missing = layout.width - piece.unicodeScalars.count
            if missing > 0 {
                if layout.flags.contains("-") {
                    piece += String(repeating: " ", count: missing)
                } else if layout.flags.contains("0"), !"srac".unicodeScalars.contains(conversion) {
                    let sign = piece.prefix { $0 == "-" || $0 == "+" || $0 == " " }
                    piece = sign + String(repeating: "0", count: missing) + piece.dropFirst(sign.count)
                } else {
                    piece = String(repeating: " ", count: missing) + piece
                }
            }
            result += piece
            guard result.utf8.count <= 2 * Template.maximumOutput else { throw Arithmetic.tooLarge }
        }
        if !values.isEmpty, map == nil, !usesNames { throw Failure("the format does not use all its values") }
        return result
    }

    private mutating func next() throws(Failure) -> Unicode.Scalar {
        guard let scalar = scalars.popFirst() else { throw Failure("a format ends within a conversion") }
        return scalar
    }

    private mutating func value() throws(Failure) -> Value {
        guard let value = values.popFirst() else { throw Failure("the format asks for more values than there are") }
        return value
    }

    private mutating func named() throws(Failure) -> Value {
        guard let map else { throw Failure("a format with names takes a mapping") }
        guard let end = scalars.firstIndex(of: ")") else { throw Failure("a format ends within a name") }
        let name = String(String.UnicodeScalarView(scalars[scalars.startIndex + 1..<end]))
        scalars = scalars[(end + 1)...]
        guard let found = try Value.lookup(.string(name), in: map) else {
            throw Failure("the format asks for '\(name)', which the mapping does not have")
        }
        return found
    }

    private mutating func layout() throws(Failure) -> Layout {
        var layout = Layout()
        while let flag = scalars.first, "#0- +".unicodeScalars.contains(flag) {
            layout.flags.insert(flag)
            scalars.removeFirst()
        }
        layout.width = try number(upTo: 10_000) ?? 0
        if layout.width < 0 {
            layout.flags.insert("-")
            layout.width = -layout.width
        }
        if scalars.first == "." {
            scalars.removeFirst()
            layout.precision = max(try number(upTo: 100) ?? 0, 0)
        }
        guard !layout.flags.contains("#") else { throw Failure("the flag '#' of a format is not available here") }
        return layout
    }

    private mutating func number(upTo limit: Int) throws(Failure) -> Int? {
        if scalars.first == "*" {
            scalars.removeFirst()
            let number = Int(clamping: try CallArguments.integer(try value(), "*", of: "%"))
            guard number.magnitude <= limit else { throw Arithmetic.tooLarge }
            return number
        }
        var result: Int?
        while let scalar = scalars.first, ("0"..."9").contains(scalar) {
            result = (result ?? 0) * 10 + Int(scalar.value) - 48
            guard result ?? 0 <= limit else { throw Arithmetic.tooLarge }
            scalars.removeFirst()
        }
        return result
    }

    private func piece(_ value: Value, _ conversion: Unicode.Scalar, _ layout: inout Layout) throws(Failure) -> String {
        func misfit(_ wanted: String) -> Failure {
            Failure("'%\(conversion)' takes \(wanted), found \(value.kindDescription)")
        }
        switch conversion {
        case "s", "r":
            var text = conversion == "s" ? try value.text() : try value.checked().representation()
            if escapes { text = try Markup.escaped(conversion == "s" ? value : .string(text)) }
            return layout.precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        case "c":
            if let text = value.plainString, text.unicodeScalars.count == 1 { return text }
            guard let code = value.integer, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
                throw misfit("a character or its number")
            }
            return String(Character(scalar))
        case "d", "i", "u":
            guard let number = value.number else { throw misfit("a number") }
            guard number.isFinite, abs(number) < 0x1p63 || value.integer != nil else { throw Arithmetic.tooLarge }
            return signed(digits(value.integer ?? Int64(number), 10, layout), layout)
        case "x", "X", "o":
            guard let number = value.integer else { throw misfit("an integer") }
            let text = digits(number, conversion == "o" ? 8 : 16, layout)
            return signed(conversion == "X" ? text.uppercased() : text, layout)
        case "f", "F", "e", "E", "g", "G":
            guard let number = value.number else { throw misfit("a number") }
            if !number.isFinite { layout.flags.remove("0") }
            return signed(Decimals.text(number, layout.precision ?? 6, as: conversion), layout)
        default: throw Failure("the format conversion '%\(conversion)' is not available in this version")
        }
    }

    private func digits(_ number: Int64, _ radix: Int, _ layout: Layout) -> String {
        let digits = String(number.magnitude, radix: radix)
        let zeros = String(repeating: "0", count: max((layout.precision ?? 0) - digits.count, 0))
        return (number < 0 ? "-" : "") + zeros + digits
    }

    private func signed(_ text: String, _ layout: Layout) -> String {
        if text.hasPrefix("-") { return text }
        return (layout.flags.contains("+") ? "+" : layout.flags.contains(" ") ? " " : "") + text
    }
}
