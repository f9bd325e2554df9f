/// The arguments of a call or filter, taken by position or by name.
struct CallArguments {
    var positional: [Value] = []
    var named: [(String, Value)] = []

    /// The values of the given parameters in order, nil where one was not passed.
    ///
    /// Throws for an argument too many, a name that no parameter has, and one passed twice.
    func values(_ parameters: [String], of function: String) throws(Failure) -> [Value?] {
        guard positional.count <= parameters.count else {
            throw Failure("'\(function)' takes at most \(parameters.count) arguments, found \(positional.count)")
        }
        var result: [Value?] = positional + [Value?](repeating: nil, count: parameters.count - positional.count)
        for (name, value) in named {
            guard let index = parameters.firstIndex(of: name) else {
                throw Failure("'\(function)' has no argument '\(name)'")
            }
            guard result[index] == nil else { throw Failure("'\(function)' gets the argument '\(name)' twice") }
            result[index] = value
        }
        return result
    }

    /// Charges what reading them takes.
    func charge() throws(Failure) {
        for value in positional { try Meter.charge(for: value) }
        for (_, value) in named { try Meter.charge(for: value) }
    }

    /// A string argument.
    static func string(_ value: Value?, _ name: String, of function: String) throws(Failure) -> String {
        guard let value else { throw Failure("'\(function)' needs the argument '\(name)'") }
        guard let text = value.plainString else {
            throw Failure("'\(function)' takes a string as '\(name)', found \(value.kindDescription)")
        }
        return text
    }

    /// An integer argument.
    static func integer(_ value: Value?, _ name: String, of function: String) throws(Failure) -> Int64 {
        guard let value else { throw Failure("'\(function)' needs the argument '\(name)'") }
        guard let number = value.integer else {
            throw Failure("'\(function)' takes an integer as '\(name)', found \(value.kindDescription)")
        }
        return number
    }
}
