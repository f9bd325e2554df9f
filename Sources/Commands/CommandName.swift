import ArgumentParser
import DAGModel

/// The nouns and verbs at the beginning of a command line.
enum CommandName {
    /// Throws `CommandFailure` for a word that stands where a command belongs and is none, with the nearest that is.
    ///
    /// The parser alone would only say that the word was unexpected.
    static func check(_ words: [String], of root: any ParsableCommand.Type) throws {
        var command = root
        var path = [name(of: root)]
        for word in words {
            let below = command.configuration.subcommands
            guard !below.isEmpty, command.configuration.defaultSubcommand == nil, !word.hasPrefix("-"), word != "help"
            else { return }
            guard let next = below.first(where: { names(of: $0).contains(word) }) else {
                let known = below.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
                let nearest = NearestName.of(word, among: below.flatMap { names(of: $0) })
                let place = path.joined(separator: " ")
                throw CommandFailure(
                    "there is no command `\(place) \(DisplayText.oneLine(word))`",
                    nextStep: nearest.map { "Did you mean `\(place) \($0)`? See `\(place) --help`." }
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
