import DAGModel
import FoundationEssentials
import Testing

@testable import DAGDocument

/// A folder that is removed when the test ends.
struct TemporaryFolder: ~Copyable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "dagdocument-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    var path: String { url.path(percentEncoded: false) }

    func write(_ file: String, _ text: String) throws {
        let target = url.appending(path: file)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: target)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}

@Suite("Text files of documents") struct TextFileTests {
    @Test("are read relative to the document and belong to its version")
    func read() throws {
        let folder = try TemporaryFolder()
        try folder.write("team/sql/a.sql", "SELECT '{{ ds }}'\n")
        let text = document("tasks: [{id: t, uses: sql, with: {sql: {$f: sql/a.sql}}}]\n")
        try folder.write("team/a.yaml", text)
        let loader = DocumentLoader.sample(root: folder.path)
        let first = loader.load("team/a.yaml")
        let loaded = try #require(first.dags.first)
        #expect(first.diagnostics.isEmpty)
        #expect(loaded.dag.tasks[0].arguments["sql"] == .value("SELECT '{{ ds }}'\n"))
        #expect(loaded.textFiles == ["team/sql/a.sql"])
        #expect(loaded.sourceText == text)
        #expect(loaded.versionID.rawValue.count == 64)
        #expect(loader.load("team/a.yaml").dags.first?.versionID == loaded.versionID)
        try folder.write("team/sql/a.sql", "SELECT 2\n")
        #expect(loader.load("team/a.yaml").dags.first?.versionID != loaded.versionID)
    }

    @Test("of templates are read in the order of the document, whether a task takes them or not")
    func order() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b", "c", "d", "e"] { try folder.write("\(name).sql", "SELECT 1") }
        let templates = ["d", "c", "a", "e"].map { "\($0): {with: {sql: {$f: \($0).sql}}}" }.joined(separator: ", ")
        let text = document(
            "templates: {\(templates)}\n"
                + "tasks: [{id: t, uses: sql, with: {sql: {$f: b.sql}}}, {id: u, uses: sql, extends: [a]}]\n")
        let loaded = DocumentLoader.sample(root: folder.path).load(text: text)
        #expect(loaded.dags.first?.textFiles == ["b.sql", "a.sql", "d.sql", "c.sql", "e.sql"])
    }

    @Test("may not leave the folder, be missing, be large or be no text")
    func refused() throws {
        let folder = try TemporaryFolder()
        let outside = try TemporaryFolder()
        try outside.write("secret", "x")
        try folder.write("dags/good.sql", "x")
        try folder.write("dags/sub/x", "x")
        try Data([0xFF, 0xFE]).write(to: folder.url.appending(path: "dags/binary"))
        try folder.write("dags/large", String(repeating: "x", count: 1025))
        try FileManager.default.createSymbolicLink(
            at: folder.url.appending(path: "dags/link"), withDestinationURL: outside.url.appending(path: "secret"))
        try FileManager.default.createSymbolicLink(
            at: folder.url.appending(path: "dags/inner"),
            withDestinationURL: folder.url.appending(path: "dags/good.sql"))
        var settings = LoaderSettings()
        settings.maximumTextFileSize = 1024
        let loader = DocumentLoader.sample(root: folder.path + "/dags", settings: settings)
        for (path, expected) in [
            ("../secret", "leaves the DAG folder"), ("sub/../../x", "leaves the DAG folder"),
            ("/etc/passwd", "is an absolute path"), ("link", "leaves the DAG folder"),
            ("god.sql", "did you mean 'good.sql'?"),
            ("sub", "is not a regular file"), ("binary", "is not UTF-8 text"), ("large", "is larger than 1024 bytes"),
            (".", "folder"),
        ] {
            let found = loader.load(text: document("tasks: [{id: t, run: {a: {$f: \(path)}}}]\n")).diagnostics.map(
                \.description)
            #expect(found.contains { $0.contains(expected) && $0.contains("a.yaml:3:31") }, "\(path): \(found)")
        }
        #expect(loader.load(text: document("tasks: [{id: t, run: {a: {$f: inner}}}]\n")).dags.count == 1)
    }
}

@Suite("DAG folders") struct FolderTests {
    @Test("lists documents by path, without hidden files and sql folders")
    func scan() throws {
        let folder = try TemporaryFolder()
        for file in [
            "b.yaml", "a.yml", "x/c.yaml", ".hidden.yaml", ".git/d.yaml", "sql/e.yaml", "note.txt", ".yaml",
            "x/y/z.yml",
        ] {
            try folder.write(file, "")
        }
        try FileManager.default.createSymbolicLink(
            at: folder.url.appending(path: "x/loop"), withDestinationURL: folder.url)
        #expect(DAGFolder(root: folder.path).scan().map(\.file) == ["a.yml", "b.yaml", "x/c.yaml", "x/y/z.yml"])
        #expect(DAGFolder(root: folder.path + "/absent").scan().isEmpty)
    }

    @Test("a refresh reads what changed, text files included")
    func refresh() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", document("tasks: [{id: t, uses: sql, with: {sql: {$f: q.txt}}}]\n"))
        try folder.write("b.yaml", schemaLine + "dag_id: b\ntasks: []\n")
        var watch = DAGFolderWatch(loader: .sample(root: folder.path))
        let first = watch.refresh()
        #expect(first.loaded.map(\.file) == ["a.yaml", "b.yaml"])
        #expect(first.loaded[0].hasErrors)
        #expect(watch.refresh().isEmpty)
        try folder.write("q.txt", "SELECT 1")
        let second = watch.refresh()
        #expect(second.loaded.map(\.file) == ["a.yaml"] && !second.loaded[0].hasErrors)
        try folder.write("q.txt", "SELECT 22")
        #expect(watch.refresh().loaded.map(\.file) == ["a.yaml"])
        try FileManager.default.removeItem(at: folder.url.appending(path: "b.yaml"))
        let last = watch.refresh()
        #expect(last.loaded.isEmpty && last.removed == ["b.yaml"] && last.count == 1)
    }

    @Test("many files load on several threads in the order given")
    func threads() throws {
        let folder = try TemporaryFolder()
        let files = (0..<200).map { "f\(1000 + $0).yaml" }
        for (index, file) in files.enumerated() {
            try folder.write(file, schemaLine + "dag_id: d\(index)\ntasks: []\n")
        }
        let loaded = DocumentLoader.sample(root: folder.path).load(files, threads: 3)
        #expect(loaded.map(\.file) == files)
        #expect(loaded.compactMap { $0.dags.first?.dag.id.rawValue } == (0..<200).map { "d\($0)" })
    }

    @Test("a file that cannot be read says so")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        let found = DocumentLoader.sample(root: folder.path).load("absent.yaml").diagnostics.map(\.description)
        #expect(found == ["absent.yaml:1:1: error: the file cannot be read: No such file or directory"])
    }
}

@Suite("Portability") struct PortabilityTests {
    @Test("names what Airflow would not load")
    func names() {
        let text = document(
            """
            timezone: Asia/Seoul
            dst: airflow
            catchup_window: 1d
            default_args: {owner: me}
            on_failure_callback: [{uses: slack}]
            deadline: {reference: dagrun_queued_at, interval: 1h, callback: {uses: slack}}
            schedule: {uses: cryptoflow.timetables.AssetTriggered, with: {all: [a]}}
            tasks:
              - {id: a, uses: bash, group: g, outlets: [x], with: {bash_command: x}}
              - {id: b, uses: cryptoflow.operators.MarketFetch, on_retry_callback: [{uses: slack}]}
              - {id: c, uses: airflow.providers.standard.operators.empty.EmptyOperator, expand: {x: [1]}}
            """)
        let found = PortabilityCheck.problems(bytes: Array(text.utf8), file: "a.yaml", catalog: sampleCatalog)
        #expect(
            found.map(\.keyPath) == [
                "timezone", "dst", "catchup_window", "default_args", "on_failure_callback", "deadline", "schedule.uses",
                "tasks[0].uses",
                "tasks[0].group", "tasks[0].outlets", "tasks[1].uses", "tasks[1].on_retry_callback", "tasks[2].expand",
            ])
        #expect(found[7].hint == "write airflow.providers.standard.operators.bash.BashOperator")
        let portable = document(
            "schedule: '@daily'\ntasks: [{id: a, uses: airflow.providers.standard.operators.empty.EmptyOperator}]\n")
        #expect(PortabilityCheck.problems(bytes: Array(portable.utf8), file: "a.yaml", catalog: sampleCatalog).isEmpty)
    }
}
