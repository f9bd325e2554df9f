import ArgumentParser
import DAGModel

/// The nouns and verbs at the beginning of a command line.
enum CommandName {
    /// Throws `CommandFailure` for a word that stands where a command belongs and is none, with the nearest that is.
    ///
    /// The parser alone would only say that the word was unexpected, and print the help of everything for `help WORD`.
    ///
    /// - Parameter isRefused: whether the parser has refused the line already. Before, a word that is no command may be an
    ///   argument of the command that needs no name.
    static func check(_ words: [String], of root: any ParsableCommand.Type, isRefused: Bool = false) throws {
        var command = root
        var path = [name(of: root)]
        let asksForHelp = words.first == "help"
        for word in words.dropFirst(asksForHelp ? 1 : 0) {
            let below = command.configuration.subcommands
            guard !below.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
            guard let next = below.first(where: { names(of: $0).contains(word) }) else {
                let known = below.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
                let nearest = NearestName.of(word, among: below.flatMap { names(of: $0) })
                if command.configuration.defaultSubcommand != nil, !asksForHelp, !isRefused || nearest == nil { return }
                let place = path.joined(separator: " ")
                let asked = asksForHelp ? ([path[0], "help"] + path.dropFirst()).joined(separator: " ") : place
                throw CommandFailure(
                    "there is no command `\(place) \(DisplayText.oneLine(word))`",
                    nextStep: nearest.map { "Did you mean `\(asked) \($0)`? See `\(place) --help`." }
                        ?? "There are: \(known.joined(separator: ", ")). See `\(place) --help`.",
                    exitCode: ExitStatus.usage)
            }
            path.append(name(of: next))
            command = next
        }
    }

    private static func name(of command: any ParsableCommand.Type) -> String { command._commandName }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }
}
