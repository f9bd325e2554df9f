import ActorQueues
import CLinux
package import DAGDocument
import DAGModel
import Dispatch
import RunStore
import SchedulerCore

/// Documents of a folder, read again where a file changed. On a queue of its own: reading ten thousand files takes a while.
package actor FolderDocuments: DocumentSource {
    private let executor = QueueExecutor(label: "cryptoflow.documents", qos: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let loader: DocumentLoader
    private var watch: DAGFolderWatch
    private var files: [String: LoadedFile] = [:]
    private var owners: [DAGID: DAGVersionID] = [:]
    /// Looks until the heap is given back; nil when nothing large was loaded.
    private var looksUntilTrim: Int?

    package init(loader: DocumentLoader) {
        self.loader = loader
        watch = DAGFolderWatch(loader: loader)
    }

    package func scan(afresh: Bool) async throws -> DocumentChanges {
        if afresh {
            watch = DAGFolderWatch(loader: loader)
            files = [:]
            owners = [:]
        }
        let changes = watch.refresh()
        trim(after: changes.loaded.count)
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
        return DocumentChanges(
            loaded: loaded, present: Set(present.keys),
            problems: problems.map { ImportErrorRecord(file: $0.file, diagnostics: $0.diagnostics) },
            brokenFiles: broken)
    }

    /// A large load leaves much free memory behind, here and where it is committed: after a few more looks that is done.
    private func trim(after loaded: Int) {
        if loaded >= Self.largeLoad {
            looksUntilTrim = 5
        } else if let looks = looksUntilTrim {
            looksUntilTrim = looks > 1 ? looks - 1 : nil
            if looks == 1 { cryptoflow_trim_heap() }
        }
    }

    private static let largeLoad = 200

    private var broken: Set<String> { Set(files.values.filter(\.hasErrors).map(\.file)) }
}
