/// Cron expressions may be mistyped with a minus in front (`-1 * * * *`), which a command line reads as an option.
enum LeadingDash {
    /// The arguments with such an expression moved behind a `--`, so that the command can say what is wrong with it.
    static func protected(_ arguments: [String]) -> [String] {
        guard arguments.starts(with: ["schedule", "next"]), !arguments.contains("--") else { return arguments }
        let found = arguments.indices.dropFirst(2).first { index in
            // What follows an option is its value: every option of the command has one.
            isExpression(arguments[index]) && !arguments[index - 1].hasPrefix("-")
        }
        guard let found else { return arguments }
        var rest = arguments
        let expression = rest.remove(at: found)
        return rest + ["--", expression]
    }

    /// A minus before a digit or a sign of cron's, or a blank after the first word: no option has either.
    private static func isExpression(_ argument: String) -> Bool {
        guard argument.hasPrefix("-"), let second = argument.dropFirst().first else { return argument == "-" }
        if second.isNumber || "*,/ ".contains(second) { return true }
        guard let blank = argument.firstIndex(of: " ") else { return false }
        return !argument[..<blank].contains("=")
    }
}
