import ActorQueues
package import DAGDocument
import DAGModel
import Dispatch
import RunStore
import SchedulerCore
import Timetables

/// Documents of a folder, read again where a file changed. On a queue of its own: reading ten thousand files takes a while.
package actor FolderDocuments: DocumentSource {
    private let executor = QueueExecutor(label: "cryptoflow.documents", qos: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let loader: DocumentLoader
    private var watch: DAGFolderWatch
    private var files: [String: FileSummary] = [:]
    private var owners: [DAGID: DAGVersionID] = [:]
    /// Whether a DAG that is there could not be reported: the next look tries again.
    private var isIncomplete = false

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
        if changes.isEmpty && !afresh && !isIncomplete {
            return DocumentChanges(loaded: [], present: Set(owners.keys), problems: nil, brokenFiles: broken)
        }
        for file in changes.removed { files[file] = nil }
        for file in changes.loaded { files[file.file] = FileSummary(file) }
        var all = files.keys.sorted().compactMap { files[$0] }
        all.resolveDuplicates()
        let loaded = records(of: all, fresh: changes.loaded)
        let present = Set(all.lazy.flatMap(\.dags).map(\.id))
        owners = owners.filter { present.contains($0.key) }
        for record in loaded { owners[record.dag.id] = record.version }
        let problems = all.filter { !$0.diagnostics.isEmpty }
        return DocumentChanges(
            loaded: loaded, present: present,
            problems: problems.map { ImportErrorRecord(file: $0.file, diagnostics: $0.diagnostics) },
            brokenFiles: broken)
    }

    /// The DAGs that were not reported in this version yet.
    ///
    /// Only what was read just now is at hand: the scheduler has the rest, and ten thousand texts need not be here, too. A
    /// file is read again when a DAG of it takes the name of one that is gone.
    private func records(of all: [FileSummary], fresh: [LoadedFile]) -> [DAGRecord] {
        let fresh = Dictionary(fresh.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
        isIncomplete = false
        // Equal schedules share one value.
        var timetables: Set<Timetable> = []
        var records: [DAGRecord] = []
        for file in all {
            let new = file.dags.filter { owners[$0.id] != $0.version }
            if new.isEmpty { continue }
            let dags = (fresh[file.file] ?? loader.load(file.file)).dags
            for wanted in new {
                // Else it has changed since it was last looked at.
                guard let found = dags.first(where: { $0.dag.id == wanted.id && $0.versionID == wanted.version }) else {
                    isIncomplete = true
                    continue
                }
                var dag = found.dag
                dag.timetable = timetables.insert(dag.timetable).memberAfterInsert
                records.append(DAGRecord(dag: dag, version: found.versionID, sourceText: found.sourceText))
            }
        }
        return records
    }

    private var broken: Set<String> { Set(files.values.filter(\.hasErrors).map(\.file)) }
}
