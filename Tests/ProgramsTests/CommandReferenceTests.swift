import FoundationEssentials
import Glibc
import Testing

/// docs/CLI.md is what the programs say of themselves.
///
/// After changing a help text: `CRYPTOFLOW_RECORD_HELP=1 make test ARGS="--filter CommandReference"`.
@Suite("The command reference", .timeLimit(.minutes(2))) struct CommandReferenceTests {
    private static let file = URL(filePath: Installed.checkout + "/docs/CLI.md")
    private static let heading = "## Contents\n"

    @Test("says what every command's help says, and leaves none out")
    func complete() async throws {
        try await Scratch.with { scratch in
            var sections: [(name: String, help: String)] = []
            for program in ["cryptoflow", "cryptoflow-scheduler", "cryptoflow-stream", "cryptoflow-exchange"] {
                sections += try await Self.sections([program], scratch)
            }
            sections += try await Self.sections(["cryptoflow-model"], scratch)
            let text = try String(contentsOf: Self.file, encoding: .utf8)
            let preface = try #require(text.firstRange(of: Self.heading)?.lowerBound)
            let links = sections.map { "[\($0.name)](#\($0.name.replacing(" ", with: "-")))" }
            let expected =
                text[..<preface] + Self.heading + "\n" + links.joined(separator: " · ") + "\n"
                + sections.map { "\n## \($0.name)\n\n```text\n\($0.help)\n```\n" }.joined()
            if getenv("CRYPTOFLOW_RECORD_HELP") != nil {
                try Data(expected.utf8).write(to: Self.file, options: .atomic)
                return
            }
            let found = text.split(separator: "\n", omittingEmptySubsequences: false)
            let wanted = expected.split(separator: "\n", omittingEmptySubsequences: false)
            let line = zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }
            #expect(
                text == expected,
                "docs/CLI.md:\((line?.offset ?? min(found.count, wanted.count)) + 1) is not what the programs say; record it anew"
            )
        }
    }

    /// The help of a command without subcommands, of all below one that has some, and of the program itself.
    private static func sections(
        _ words: [String], _ scratch: Scratch
    ) async throws -> [(name: String, help: String)] {
        // ArgumentParser wraps at the terminal's width.
        let result = try await scratch.start(
            words[0], words.dropFirst() + ["--help"], environment: ["COLUMNS": "80"]
        ).finish()
        var help = result.output[...]
        while help.last?.isWhitespace == true { help.removeLast() }
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        var names: [String] = []
        if let start = lines.firstIndex(of: "SUBCOMMANDS:") {
            for line in lines[(start + 1)...].prefix(while: { !$0.isEmpty }) {
                guard line.hasPrefix("  "), let first = line.dropFirst(2).first, first.isLetter else { continue }
                names.append(String(line.dropFirst(2).prefix { $0 != " " && $0 != "," }))
            }
        }
        var sections: [(name: String, help: String)] = []
        if words.count == 1 || names.isEmpty { sections.append((words.joined(separator: " "), String(help))) }
        for name in names { sections += try await Self.sections(words + [name], scratch) }
        return sections
    }
}
