import DAGDocument
import DAGModel
import Glibc

/// Loads documents from files and folders as the scheduler would, and gathers every problem under the paths as they
/// were written on the command line.
struct DocumentCheck {
    let catalog: OperatorCatalog
    /// Whether what Airflow would not load counts as an error.
    let isPortable: Bool
    /// Nil to look for errors only.
    var lint: DocumentLint?

    struct Result {
        /// By path, every file once.
        var files: [LoadedFile]
        /// Problems of all files and of paths where nothing is, by place.
        var diagnostics: [Diagnostic]
        /// Which of them are lints.
        var lints: [Diagnostic: DocumentLint.Name] = [:]

        var errorCount: Int { diagnostics.count { $0.severity == .error } }
    }

    private struct Document {
        /// The DAG folder that it belongs to.
        let root: String
        /// Relative to the root.
        let file: String
        /// As the command line's words make it.
        let shown: String

        var path: String { root + "/" + file }
    }

    private static let threads = max(1, min(8, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

    func run(_ paths: [String]) -> Result {
        var missing: [Diagnostic] = []
        var seen: Set<String> = []
        var files: [LoadedFile] = []
        var portability: [Diagnostic] = []
        var lints: [Diagnostic: DocumentLint.Name] = [:]
        for path in paths {
            let documents = Self.documents(at: path)
            if let problem = documents.problem {
                missing.append(Diagnostic(at: SourcePlace(file: path, line: 1, column: 1), problem))
            }
            let fresh = documents.found.filter { seen.insert(Self.realPath($0.path) ?? $0.path).inserted }
            guard let root = fresh.first?.root else { continue }
            let loader = DocumentLoader(catalog: catalog, root: root)
            let loaded = loader.load(fresh.map(\.file), threads: Self.threads)
            let shown = zip(loaded, fresh).map { $0.shown(as: $1.shown) }
            files += shown
            if let lint {
                for (file, document) in zip(shown, fresh) where !file.dags.isEmpty {
                    let bytes = Self.bytes(of: document.path, limit: loader.settings.maximumFileSize) ?? []
                    let lines = String(decoding: bytes, as: UTF8.self).split(
                        separator: "\n", omittingEmptySubsequences: false)
                    for finding in lint.findings(of: file.dags, lines: lines) {
                        // Task places are relative to the DAG folder.
                        let found = finding.diagnostic.moved(to: file.file)
                        lints[found] = finding.name
                    }
                }
            }
            if isPortable {
                portability += fresh.flatMap { portabilityProblems($0.path, shown: $0.shown, loader.settings) }
            }
        }
        files.resolveDuplicates()
        let diagnostics = missing + files.flatMap(\.diagnostics) + portability + lints.keys
        return Result(files: files, diagnostics: diagnostics.sorted(by: Self.precedes), lints: lints)
    }

    private func portabilityProblems(_ path: String, shown: String, _ settings: LoaderSettings) -> [Diagnostic] {
        guard let bytes = Self.bytes(of: path, limit: settings.maximumFileSize) else { return [] }
        return PortabilityCheck.problems(bytes: bytes, file: shown, catalog: catalog, limits: settings.limits)
    }

    private static func documents(at path: String) -> (found: [Document], problem: String?) {
        var status = stat()
        guard stat(path, &status) == 0 else { return ([], "there is no such file or folder") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            let (root, file) = split(path)
            return ([Document(root: root, file: file, shown: path)], nil)
        }
        guard access(path, R_OK | X_OK) == 0 else {
            return ([], "the folder cannot be read: \(String(cString: strerror(errno)))")
        }
        let prefix = path.hasSuffix("/") ? path : path + "/"
        return (DAGFolder(root: path).scan().map { Document(root: path, file: $0.file, shown: prefix + $0.file) }, nil)
    }

    /// A lone file belongs to the nearest folder named `dags` above it, whose other files it may read; else to its own.
    private static func split(_ path: String) -> (root: String, file: String) {
        let parts = path.split(separator: "/").map(String.init)
        let lead = path.hasPrefix("/") ? "/" : ""
        let folders = parts.dropLast()
        let depth = folders.lastIndex(of: "dags").map { $0 + 1 } ?? folders.count
        let root = lead + folders.prefix(depth).joined(separator: "/")
        return (root.isEmpty ? "." : root, parts.dropFirst(depth).joined(separator: "/"))
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func bytes(of path: String, limit: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                read(file, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            filled += count
        }
        // One too large has been refused by the loader already.
        return filled > limit ? nil : Array(bytes.prefix(filled))
    }

    private static func precedes(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        (left.place.file, left.place.line, left.place.column, left.keyPath, left.message)
            < (right.place.file, right.place.line, right.place.column, right.keyPath, right.message)
    }
}

extension Diagnostic {
    fileprivate func moved(to file: String) -> Diagnostic {
        Diagnostic(
            severity, at: SourcePlace(file: file, line: place.line, column: place.column), keyPath: keyPath, message,
            hint: hint)
    }
}

extension LoadedFile {
    /// The file with every place under another path.
    fileprivate func shown(as path: String) -> LoadedFile {
        func place(_ place: SourcePlace) -> SourcePlace {
            SourcePlace(file: place.file == file ? path : place.file, line: place.line, column: place.column)
        }
        return LoadedFile(
            file: path,
            dags: dags.map { loaded in
                var dag = loaded.dag
                dag.place = place(dag.place)
                return LoadedDAG(
                    dag: dag, versionID: loaded.versionID, sourceText: loaded.sourceText, textFiles: loaded.textFiles)
            },
            diagnostics: diagnostics.map { found in
                Diagnostic(
                    found.severity, at: place(found.place), keyPath: found.keyPath, found.message, hint: found.hint)
            }, textFiles: textFiles)
    }
}
