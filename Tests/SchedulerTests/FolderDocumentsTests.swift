import DAGDocument
import DAGModel
import FoundationEssentials
import RunStore
import SchedulerCore
import Testing

@testable import Scheduler

@Suite("documents of a folder")
struct FolderDocumentsTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "folder-\(UUID().uuidString)")
    private let documents: FolderDocuments

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        documents = FolderDocuments(
            loader: DocumentLoader(catalog: OperatorCatalog([]), root: folder.path(percentEncoded: false)))
    }

    private func write(_ file: String, _ id: String, summary: String) throws {
        let text = """
            $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
            dag_id: \(id)
            description: \(summary)
            schedule: "@daily"
            tasks: []

            """
        try Data(text.utf8).write(to: folder.appending(path: file))
    }

    private func remove(_ file: String) throws {
        try FileManager.default.removeItem(at: folder.appending(path: file))
    }

    /// The files with more than warnings.
    private func errors(_ changes: DocumentChanges) -> [String]? {
        changes.problems?.filter { $0.diagnostics.contains { $0.severity == .error } }.map(\.file)
    }

    @Test("only what changed is reported, with its text")
    func changes() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("a.yaml", "a", summary: "one")
        try write("b.yaml", "b", summary: "two")
        let first = try await documents.scan(afresh: true)
        #expect(first.loaded.map(\.dag.id.rawValue) == ["a", "b"])
        #expect(first.loaded.map { $0.sourceText.contains("description: one") } == [true, false])
        #expect(try await documents.scan(afresh: false).loaded.isEmpty)
        try write("b.yaml", "b", summary: "another")
        let second = try await documents.scan(afresh: false)
        #expect(second.loaded.map(\.dag.summary) == ["another"] && second.present.count == 2)
        // A new leader starts from nothing.
        let third = try await documents.scan(afresh: true)
        #expect(third.loaded.map(\.dag.summary) == ["one", "another"])
    }

    @Test("a name whose file goes is that of the next file that has it, though that did not change")
    func takenOver() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("a.yaml", "d", summary: "one")
        try write("b.yaml", "d", summary: "two")
        let first = try await documents.scan(afresh: true)
        #expect(first.loaded.map(\.dag.summary) == ["one"])
        #expect(errors(first) == ["b.yaml"])
        try remove("a.yaml")
        let second = try await documents.scan(afresh: false)
        #expect(second.loaded.map(\.dag.summary) == ["two"] && errors(second) == [])
        #expect(second.present == [DAGID("d")])
        try remove("b.yaml")
        let last = try await documents.scan(afresh: false)
        #expect(last.loaded.isEmpty && last.present.isEmpty)
    }
}
