import DAGModel

/// A value of a document with its place in the structure.
struct Field {
    let node: YAMLNode
    let path: DocumentPath

    init(_ node: YAMLNode, _ path: DocumentPath) {
        self.node = node
        self.path = path
    }

    init(_ entry: YAMLEntry, in parent: DocumentPath) {
        self.init(entry.value, parent.key(entry.key))
    }
}

/// What all readers of one document share: the catalog, the settings, and the problems found so far.
///
/// Used by one thread for the time of one load.
final class DocumentContext {
    let file: String
    let catalog: OperatorCatalog
    let settings: LoaderSettings
    let texts: TextFileReader
    /// Lines of the document's own text, for places inside block texts; the first is on `firstLine` of the file.
    let sourceLines: SourceLines
    private(set) var diagnostics: [Diagnostic] = []
    /// What the document calls its DAG, once that is read and is a name.
    var dag: DAGID?
    private(set) var hasErrors = false
    private var reported: Set<Report> = []
    /// Where YAML could not tell a value: what else is wrong there only follows from that.
    private var spoiled: Set<Mark> = []
    /// The text files that are part of the document, in the order they were first read.
    private(set) var textFiles: [(path: String, text: String)] = []

    /// More problems than this in one document are not listed.
    static let maximumDiagnostics = 500

    /// A template's mistake is found again in every task that extends it, and reported once.
    private struct Report: Hashable {
        let mark: Mark
        let message: String
    }

    init(
        file: String, catalog: OperatorCatalog, settings: LoaderSettings, texts: TextFileReader,
        sourceLines: SourceLines
    ) {
        self.file = file
        self.catalog = catalog
        self.settings = settings
        self.texts = texts
        self.sourceLines = sourceLines
    }

    /// The problems with the DAG they are of, also those that were found before its name was.
    var diagnosticsOfDAG: [Diagnostic] {
        diagnostics.map { diagnostic in
            var diagnostic = diagnostic
            diagnostic.dag = dag
            return diagnostic
        }
    }

    func place(_ mark: Mark) -> SourcePlace {
        SourcePlace(file: file, line: Int(mark.line), column: Int(mark.column))
    }

    /// - Parameter hint: asked for only where the problem is listed: it may take a look at every name of the document.
    func error(_ message: String, hint: @autoclosure () -> String? = nil, at mark: Mark, _ path: DocumentPath) {
        hasErrors = true
        add(.error, message, hint, mark, path)
    }

    /// A problem of the text itself.
    func error(_ problem: YAMLProblem) {
        error(problem.message, hint: problem.hint, at: problem.mark, problem.path)
        spoiled.insert(problem.mark)
    }

    /// - Parameter hint: as for an error.
    func warning(_ message: String, hint: @autoclosure () -> String? = nil, at mark: Mark, _ path: DocumentPath) {
        add(.warning, message, hint, mark, path)
    }

    func noteTextFile(_ path: String, _ text: String) {
        if !textFiles.contains(where: { $0.path == path }) { textFiles.append((path, text)) }
    }

    private func add(
        _ severity: Diagnostic.Severity, _ message: String, _ hint: () -> String?, _ mark: Mark, _ path: DocumentPath
    ) {
        guard diagnostics.count < Self.maximumDiagnostics, !spoiled.contains(mark),
            reported.insert(Report(mark: mark, message: message)).inserted
        else { return }
        diagnostics.append(
            Diagnostic(severity, at: place(mark), keyPath: path.description, message, hint: hint()))
    }
}

/// "did you mean 'x'?" for the nearest known name.
func nearestHint(_ name: String, among names: some Sequence<String>) -> String? {
    NearestName.of(name, among: names).map { "did you mean '\($0)'?" }
}

/// The document's text by lines.
struct SourceLines {
    private let bytes: [UInt8]
    private let firstLine: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int) {
        self.bytes = Array(bytes)
        self.firstLine = firstLine
    }

    /// The width of the blanks that a 1-based line of the file begins with; 0 when there is no such line.
    func indentation(ofLine line: Int) -> Int {
        var current = firstLine
        var index = 0
        while current < line, index < bytes.count {
            if bytes[index] == 10 || (bytes[index] == 13 && !(index + 1 < bytes.count && bytes[index + 1] == 10)) {
                current += 1
            }
            index += 1
        }
        var width = 0
        while index < bytes.count, bytes[index] == 32 {
            width += 1
            index += 1
        }
        return width
    }
}
