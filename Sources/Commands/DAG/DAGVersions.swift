import ArgumentParser
import DAGModel
import RunStore

/// `cryptoflow dag versions ID`.
struct DAGVersions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions", abstract: "List the texts that a DAG's document has had, newest first.",
        discussion: """
            A version is named by the SHA-256 of the document's text; each run is pinned to the one it was made from. \
            At most the newest 100 are shown.

            Example:
              cryptoflow dag versions candles_1h
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let detail = try await database.withHistory { try await HistoryLookup($0).dag(dag) }
        let shapes = options.shapes
        let present = detail.summary.version
        try options.write(
            .array(
                detail.versions.map { version in
                    [
                        "version_number": .int(Int64(version.number)), "version_id": .string(version.version.rawValue),
                        "created_at": .string(shapes.text(version.createdAt)),
                        "is_present": .bool(version.version == present),
                    ]
                })
        ) { isColourful in
            var table = TextTable(.init("VERSION", .right), .init("CONTENT"), .init("FIRST SEEN"), .init(""))
            for version in detail.versions {
                table.add(
                    .init(String(version.number)), .init(String(version.version.rawValue.prefix(12))),
                    .init(shapes.text(version.createdAt)),
                    .init(version.version == present ? "present" : "", .good))
            }
            return table.text(isColourful: isColourful)
        }
    }
}
