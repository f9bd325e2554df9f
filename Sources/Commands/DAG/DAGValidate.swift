import ArgumentParser
import CivilTime
import DAGDocument
import DAGModel
import Timetables

/// `cryptoflow dag validate [PATH…]`.
struct DAGValidate: ParsableCommand {
    /// How the problems are written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check DAG documents without running anything.",
        discussion: """
            Problems go to standard error, one a line: FILE:LINE:COLUMN: severity: place: message (hint). With \
            --output json they are a list on standard output instead, [] when there are none, each with file, line, \
            column, severity, key_path, message, hint and, for a lint, its name. A lint is a warning that \
            --allow or a comment "# cryptoflow: allow NAME" at its line leaves out: \
            \(DocumentLint.Name.allCases.map(\.rawValue).joined(separator: ", ")). For schedules whose zone changes its clocks, the next \
            changes that touch them are shown.

            Examples:
              cryptoflow dag validate
              cryptoflow dag validate dags/candles_1h.yaml --portable
              cryptoflow dag validate dags --output json

            Exit codes: 0 no errors (there may be warnings); 1 errors; 2 wrong command line.
            """)

    @Argument(help: "Files and folders (default: dags).")
    var paths: [String] = []

    @Flag(help: "Also name what would not load in Airflow 3.4.")
    var portable = false

    @Option(help: ArgumentHelp("Leave this lint out; may be given several times.", valueName: "lint"))
    var allow: [DocumentLint.Name] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("How to write the problems.", valueName: "format"))
    var output = Format.table

    func run() throws {
        let environment = CommandEnvironment.current
        let check = DocumentCheck(
            catalog: OperatorCatalog(environment.operators), isPortable: portable,
            lint: DocumentLint(now: environment.now(), allowed: Set(allow)))
        let result = check.run(paths.isEmpty ? ["dags"] : paths)
        switch output {
        case .json:
            try environment.console.output(
                JSONValue.array(result.diagnostics.map { $0.shape(lint: result.lints[$0]) }).prettyText)
        case .table:
            for diagnostic in result.diagnostics {
                let lint = result.lints[diagnostic].map { " [\($0.rawValue)]" } ?? ""
                try environment.console.error(DisplayText.oneLine(diagnostic.description + lint))
            }
            for preview in Self.previews(of: result, now: environment.now()) { try environment.console.output(preview) }
            try environment.console.output(Self.summary(of: result))
        }
        if result.errorCount > 0 { throw ExitCode(ExitStatus.failed) }
    }

    /// `3 documents in 2 files: 1 error, 2 warnings`.
    static func summary(of result: DocumentCheck.Result) -> String {
        let dags = result.files.reduce(0) { $0 + $1.dags.count }
        let warnings = result.diagnostics.count - result.errorCount
        var problems: [String] = []
        if result.errorCount > 0 { problems.append(counted(result.errorCount, "error")) }
        if warnings > 0 { problems.append(counted(warnings, "warning")) }
        let found = problems.isEmpty ? "no problems" : problems.joined(separator: ", ")
        return "\(counted(dags, "valid DAG")) in \(counted(result.files.count, "file")): \(found)"
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// What the next changes of the clocks do to the schedules they touch.
    static func previews(of result: DocumentCheck.Result, now: Timestamp) -> [String] {
        result.files.flatMap(\.dags).flatMap { loaded in
            loaded.dag.timetable.dstPreview(after: now).filter { !$0.localTimes.isEmpty }.map {
                "\(loaded.dag.id): \($0.text)"
            }
        }
    }
}

extension DocumentLint.Name: ExpressibleByArgument {}

extension Diagnostic {
    /// The problem as a JSON object.
    ///
    /// - Parameter lint: the lint that found it; nil for the reader's own problems.
    func shape(lint: DocumentLint.Name?) -> JSONValue {
        [
            "file": .string(place.file), "line": .int(Int64(place.line)), "column": .int(Int64(place.column)),
            "severity": .string(severity.rawValue), "key_path": .string(keyPath), "message": .string(message),
            "hint": hint.map { .string($0) } ?? .null, "lint": lint.map { .string($0.rawValue) } ?? .null,
        ]
    }
}
