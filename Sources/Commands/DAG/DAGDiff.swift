import ArgumentParser
import DAGModel
import RunStore

/// `cryptoflow dag diff ID [V1] [V2]`.
struct DAGDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what changed between two versions of a DAG's document.",
        discussion: """
            A version is a number of `dag versions`, or the beginning of its content's name. Without any the present \
            version is compared with the one before; with one, that one with the present.

            Examples:
              cryptoflow dag diff candles_1h
              cryptoflow dag diff candles_1h 3 5
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Argument(help: ArgumentHelp("The older version.", valueName: "v1"))
    var from: String?

    @Argument(help: ArgumentHelp("The newer version.", valueName: "v2"))
    var to: String?

    @Option(name: [.customShort("U"), .long], help: ArgumentHelp("Unchanged lines around a change.", valueName: "n"))
    var context = 3

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        guard (0...100_000).contains(context) else { throw ValidationError("--context is 0 or more, not \(context)") }
    }

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).dag(dag)
            let (old, new) = try chosen(detail)
            let texts = (try await text(of: old, opened), try await text(of: new, opened))
            let diff = TextDiff(texts.0, texts.1, context: context)
            let names = (
                "\(detail.summary.file) (version \(old.number))", "\(detail.summary.file) (version \(new.number))"
            )
            try options.write(
                [
                    "dag_id": .string(dag), "from_version_number": .int(Int64(old.number)),
                    "to_version_number": .int(Int64(new.number)), "is_same": .bool(diff.hunks.isEmpty),
                    "diff": .string(diff.text(names)), "hunks": .array(diff.hunks.map(\.json)),
                ]
            ) { isColourful in
                if old.number == new.number { return "version \(old.number) is compared with itself: nothing differs" }
                return diff.hunks.isEmpty
                    ? "versions \(old.number) and \(new.number) have the same text; a file that they read differs"
                    : diff.text(names, isColourful: isColourful)
            }
        }
    }

    private func chosen(_ detail: DAGDetail) throws -> (old: DAGVersionSummary, new: DAGVersionSummary) {
        let versions = detail.versions
        guard let present = versions.first(where: { $0.version == detail.summary.version }) ?? versions.first else {
            throw CommandFailure("DAG \"\(dag)\" has no versions")
        }
        if let from {
            return (try find(from, versions), try to.map { try find($0, versions) } ?? present)
        }
        guard let before = versions.first(where: { $0.number < present.number }) else {
            throw CommandFailure("DAG \"\(dag)\" has one version only: there is nothing to compare it with")
        }
        return (before, present)
    }

    private func find(_ name: String, _ versions: [DAGVersionSummary]) throws -> DAGVersionSummary {
        if let number = Int(name), let found = versions.first(where: { $0.number == number }) { return found }
        let matching = versions.filter { name.count >= 4 && $0.version.rawValue.hasPrefix(name) }
        if matching.count == 1 { return matching[0] }
        let numbers = versions.map(\.number)
        throw CommandFailure(
            matching.isEmpty
                ? "DAG \"\(dag)\" has no version \"\(name)\""
                : "\"\(name)\" begins the names of \(matching.count) versions",
            nextStep: "There are \(numbers.min() ?? 0) to \(numbers.max() ?? 0). See `cryptoflow dag versions \(dag)`.")
    }

    private func text(of version: DAGVersionSummary, _ opened: OpenedHistory) async throws -> String {
        guard let text = try await opened.history.sourceText(of: DAGID(dag), version: version.version) else {
            throw CommandFailure("the text of version \(version.number) is gone from the history")
        }
        return text
    }
}
