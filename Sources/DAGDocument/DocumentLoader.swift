import Crypto
import DAGModel
import Dispatch
import Glibc
import Synchronization

/// Reads document files into DAGs.
///
/// A value without state: safe to use from several threads at once.
///
/// Every call blocks on the file system and the processor; it belongs on a thread of its own, not on Swift's pool.
package struct DocumentLoader: Sendable {
    package let catalog: OperatorCatalog
    /// The DAG folder's path.
    package let root: String
    package let settings: LoaderSettings

    package init(catalog: OperatorCatalog, root: String, settings: LoaderSettings = LoaderSettings()) {
        self.catalog = catalog
        self.root = root
        self.settings = settings
    }

    /// Reads one file, given relative to the DAG folder.
    ///
    /// Everything that is wrong is among the result's diagnostics.
    package func load(_ file: String) -> LoadedFile {
        switch FileSystem.read(root + "/" + file, maximumSize: settings.maximumFileSize) {
        case .success(let bytes): load(bytes: bytes, file: file)
        case .failure(let failure): Self.failed(file, "the file \(failure.reason)")
        }
    }

    /// Reads the content of a file; `file` is the path it is reported under, relative to the DAG folder.
    package func load(bytes: [UInt8], file: String) -> LoadedFile {
        guard bytes.count <= settings.maximumFileSize else {
            return Self.failed(file, "the file is larger than \(settings.maximumFileSize) bytes")
        }
        if let failure = TextCheck.failure(bytes) {
            return Self.failed(file, failure.message, hint: failure.hint, at: failure.mark)
        }
        let directory = file.split(separator: "/").dropLast().joined(separator: "/")
        let texts = TextFileReader(root: root, directory: directory, maximumSize: settings.maximumTextFileSize)
        var dags: [LoadedDAG] = []
        var diagnostics: [Diagnostic] = []
        bytes.withUnsafeBufferPointer { buffer in
            // A byte-order mark is no part of the text.
            let start = buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            let text = UnsafeBufferPointer(rebasing: buffer[start...])
            for piece in DocumentSplitter.pieces(text) {
                let document = UnsafeBufferPointer(rebasing: text[piece.range])
                load(document, line: piece.line, file, texts, &dags, &diagnostics)
            }
        }
        diagnostics.sort(by: Self.precedes)
        return LoadedFile(file: file, dags: dags, diagnostics: diagnostics, textFiles: texts.asked)
    }

    /// Reads many files on `threads` threads, and blocks until all are done.
    ///
    /// The results come in the order given.
    package func load(_ files: [String], threads: Int) -> [LoadedFile] {
        guard threads > 1, files.count > 1 else { return files.map { load($0) } }
        let results = Mutex([LoadedFile?](repeating: nil, count: files.count))
        // Small slices keep both processors busy to the end; large enough that the lock does not matter.
        let slice = max(1, min(64, files.count / (threads * 4)))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while true {
                let first = next.wrappingAdd(slice, ordering: .relaxed).oldValue
                guard first < files.count else { return }
                let range = first..<min(first + slice, files.count)
                let loaded = range.map { load(files[$0]) }
                results.withLock { results in
                    for (index, file) in zip(range, loaded) { results[index] = file }
                }
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }

    private func load(
        _ bytes: UnsafeBufferPointer<UInt8>, line: Int, _ file: String, _ texts: TextFileReader,
        _ dags: inout [LoadedDAG],
        _ diagnostics: inout [Diagnostic]
    ) {
        var problems: [YAMLProblem] = []
        let node = YAMLParser.parse(bytes, line: line, limits: settings.limits, problems: &problems)
        let context = DocumentContext(
            file: file, catalog: catalog, settings: settings, texts: texts,
            sourceLines: SourceLines(bytes, firstLine: line + 1))
        for problem in problems { context.error(problem) }
        defer { diagnostics += context.diagnosticsOfDAG }
        guard let node, !node.isEmptyDocument, let reader = DAGReader(context, node) else { return }
        let dag = reader.read()
        if let first = dags.first(where: { $0.dag.id == dag.id }) {
            context.error(
                "the dag_id '\(dag.id)' is already taken by the document at \(first.dag.place)",
                hint: "give one of the two another dag_id",
                at: Mark(line: Int32(clamping: dag.place.line), column: Int32(clamping: dag.place.column)),
                DocumentPath(.key("dag_id")))
        }
        guard !context.hasErrors else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        dags.append(
            LoadedDAG(
                dag: dag, versionID: Self.version(of: text, context.textFiles), sourceText: text,
                textFiles: context.textFiles.map(\.path)))
    }

    /// SHA-256 of the document's text, then of each text file's path and text, parted by NUL bytes.
    private static func version(of text: String, _ files: [(path: String, text: String)]) -> DAGVersionID {
        var hash = SHA256()
        func update(_ text: String) {
            var text = text
            text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        update(text)
        for file in files { update("\0\(file.path)\0\(file.text)") }
        var digits: [UInt8] = []
        digits.reserveCapacity(64)
        let alphabet = Array("0123456789abcdef".utf8)
        for byte in hash.finalize() {
            digits.append(alphabet[Int(byte >> 4)])
            digits.append(alphabet[Int(byte & 15)])
        }
        return DAGVersionID(rawValue: String(decoding: digits, as: UTF8.self))
    }

    private static func failed(_ file: String, _ message: String, hint: String? = nil, at mark: Mark? = nil)
        -> LoadedFile
    {
        let place = SourcePlace(file: file, line: Int(mark?.line ?? 1), column: Int(mark?.column ?? 1))
        return LoadedFile(file: file, diagnostics: [Diagnostic(at: place, message, hint: hint)])
    }

    private static func precedes(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        (left.place.line, left.place.column, left.keyPath, left.message)
            < (right.place.line, right.place.column, right.keyPath, right.message)
    }
}

extension YAMLNode {
    /// A document with nothing in it, or only null: skipped, as YAML loaders do.
    var isEmptyDocument: Bool { isNull }
}
