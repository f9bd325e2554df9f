/// Words with a minus in front that are no options: cron expressions mistyped so (`-1 * * * *`), and a pool's -1 slots.
enum LeadingDash {
    /// The arguments with such a word moved behind a `--`, so that the command can say what is wrong with it.
    static func protected(_ arguments: [String]) -> [String] {
        let isForeseen = [["schedule", "next"], ["pool", "set"], ["pools", "set"]].contains {
            arguments.starts(with: $0)
        }
        guard isForeseen, !arguments.contains("--") else { return arguments }
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
