import ActorQueues
package import DAGDocument
import DAGModel
import Dispatch
package import Logging
import RunStore
import SchedulerCore

/// Documents of a folder, read again where a file changed. On a queue of its own: reading ten thousand files takes a while.
package actor FolderDocuments: DocumentSource {
    private let executor = QueueExecutor(label: "cryptoflow.documents", qos: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let loader: DocumentLoader
    private let logger: Logger
    private var watch: DAGFolderWatch
    private var files: [String: LoadedFile] = [:]
    private var owners: [DAGID: DAGVersionID] = [:]

    package init(loader: DocumentLoader, logger: Logger) {
        self.loader = loader
        self.logger = logger
        watch = DAGFolderWatch(loader: loader)
    }

    package func scan(afresh: Bool) async throws -> DocumentChanges {
        if afresh {
            watch = DAGFolderWatch(loader: loader)
            files = [:]
            owners = [:]
        }
        let changes = watch.refresh()
        if changes.isEmpty && !afresh {
            return DocumentChanges(loaded: [], present: Set(owners.keys), problems: nil, brokenFiles: broken)
        }
        for file in changes.removed { files[file] = nil }
        for file in changes.loaded { files[file.file] = file }
        var all = files.keys.sorted().compactMap { files[$0] }
        all.resolveDuplicates()
        var loaded: [DAGRecord] = []
        var present: [DAGID: DAGVersionID] = [:]
        for dag in all.flatMap(\.dags) {
            present[dag.dag.id] = dag.versionID
            if owners[dag.dag.id] != dag.versionID {
                loaded.append(DAGRecord(dag: dag.dag, version: dag.versionID, sourceText: dag.sourceText))
            }
        }
        owners = present
        let problems = all.filter { !$0.diagnostics.isEmpty }
        for file in problems where changes.loaded.contains(where: { $0.file == file.file }) {
            for diagnostic in file.diagnostics {
                logger.log(level: diagnostic.severity == .error ? .error : .warning, "\(diagnostic)")
            }
        }
        return DocumentChanges(
            loaded: loaded, present: Set(present.keys),
            problems: problems.map { ImportErrorRecord(file: $0.file, diagnostics: $0.diagnostics) },
            brokenFiles: broken)
    }

    private var broken: Set<String> { Set(files.values.filter(\.hasErrors).map(\.file)) }
}
