/// Cron expressions may be mistyped with a minus in front (`-1 * * * *`), which a command line reads as an option.
enum LeadingDash {
    /// The arguments with such an expression moved behind a `--`, so that the command can say what is wrong with it. An
    /// argument with a blank right after its first word cannot be an option of ours: none has a blank in its name.
    static func protected(_ arguments: [String]) -> [String] {
        guard arguments.starts(with: ["schedule", "next"]), !arguments.contains("--"),
            let index = arguments.firstIndex(where: isExpression)
        else { return arguments }
        var rest = arguments
        let expression = rest.remove(at: index)
        return rest + ["--", expression]
    }

    private static func isExpression(_ argument: String) -> Bool {
        guard argument.hasPrefix("-"), let first = argument.split(separator: " ").first else { return false }
        return first.count < argument.count && !first.contains("=") && !first.hasPrefix("--")
    }
}
