import DAGModel
import RunStore
import Testing

@Suite("dag graph") struct GraphTests {
    @Test("writes what Mermaid, Graphviz and a browser draw")
    func formats() async throws {
        let dag = try Samples.dag("candles")
        let history = FakeHistory { $0.dags = [dag] }
        let mermaid = await CommandLineHarness.run("dag", "graph", "candles", history: history)
        #expect(mermaid.code == 0)
        #expect(mermaid.outputLines.first == "flowchart LR")
        #expect(mermaid.output.contains("t0 --> t1"))
        let dot = await CommandLineHarness.run("dag", "graph", "candles", "--format", "dot", history: history)
        #expect(dot.output.contains("\"fetch\" -> \"load\";"))
        let svg = await CommandLineHarness.run("dag", "graph", "candles", "--format", "svg", history: history)
        #expect(svg.output.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(svg.output.hasSuffix("</svg>\n"))
        #expect(svg.output.contains(">load</text>"))
    }

    @Test("draws groups, nested ones too, as boxes around their tasks")
    func groups() async throws {
        let plain = try Samples.dag("candles")
        var definition = plain.definition
        definition.tasks[0].group = "all"
        definition.tasks[1].group = "all.daily"
        let history = FakeHistory { [dag = Samples.detail(plain, definition)] in $0.dags = [dag] }
        let mermaid = await CommandLineHarness.run("dag", "graph", "candles", history: history)
        let opening = mermaid.outputLines.filter { $0.contains("subgraph") }
        #expect(opening == ["    subgraph g0[\"all\"]", "        subgraph g1[\"daily\"]"])
        #expect(mermaid.outputLines.filter { $0.hasSuffix("end") } == ["        end", "    end"])
        #expect(mermaid.output.contains("            t1[\"load"))
        let dot = await CommandLineHarness.run("dag", "graph", "candles", "--format", "dot", history: history)
        #expect(dot.output.contains("        subgraph \"cluster_all.daily\" {\n            label=\"daily\";"))
        #expect(dot.output.filter { $0 == "{" }.count == dot.output.filter { $0 == "}" }.count)
        let svg = await CommandLineHarness.run("dag", "graph", "candles", "--format", "svg", history: history)
        #expect(svg.output.contains(" · all.daily</text>"))
    }

    @Test("an unknown DAG and a file that is not there are named")
    func unknown() async throws {
        let dag = try Samples.dag("candles")
        let outcome = await CommandLineHarness.run("dag", "graph", "candels", history: FakeHistory { $0.dags = [dag] })
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("Did you mean \"candles\"?"))
        let file = await CommandLineHarness.run("dag", "graph", "nowhere/absent.yaml")
        #expect(file.code == 1)
        #expect(file.errors.contains("absent.yaml"))
    }
}

@Suite("dag versions") struct VersionTests {
    @Test("lists the texts with their hashes, and says which is the present one")
    func list() async throws {
        let plain = try Samples.dag("candles")
        let versions = [("abc123", 2), ("00ff", 1)].map { id, number in
            DAGVersionSummary(
                version: DAGVersionID(rawValue: id), number: number, createdAt: Samples.time("2026-11-0\(number)"))
        }
        let dag = DAGDetail(
            summary: plain.summary, definition: plain.definition, sourceText: plain.sourceText, versions: versions)
        let history = FakeHistory { $0.dags = [dag] }
        let outcome = await CommandLineHarness.run("dag", "versions", "candles", "--output", "json", history: history)
        #expect(
            outcome.json == [
                [
                    "version_number": 2, "version_id": "abc123", "created_at": "2026-11-02T00:00:00Z",
                    "is_present": true,
                ],
                [
                    "version_number": 1, "version_id": "00ff", "created_at": "2026-11-01T00:00:00Z",
                    "is_present": false,
                ],
            ])
        let table = await CommandLineHarness.run("dag", "versions", "candles", history: history)
        #expect(table.outputLines.filter { $0.contains("present") }.map { $0.contains("abc123") } == [true])
        let unknown = await CommandLineHarness.run("dag", "versions", "candels", history: history)
        #expect(unknown.code == 1 && unknown.errors.contains("Did you mean \"candles\"?"))
    }
}

@Suite("dag schema") struct SchemaTests {
    @Test("holds every operator's arguments")
    func operators() async {
        let outcome = await CommandLineHarness.run("dag", "schema")
        #expect(outcome.code == 0)
        let bash = outcome.json["$defs"]?["operator.bash"]?["properties"]?["bash_command"]
        #expect(bash?["description"]?.stringValue == "What to run.")
        #expect(outcome.json["required"] == ["$schema", "dag_id"])
    }

    @Test("knows deadlines and what they count from")
    func deadlines() async {
        let outcome = await CommandLineHarness.run("dag", "schema")
        let deadline = outcome.json["$defs"]?["deadline"]
        #expect(deadline?["required"] == ["reference", "interval", "callback"])
        let forms = deadline?["properties"]?["reference"]?["anyOf"]?.arrayValue
        let average = forms?.last?["properties"]?["average_runtime"]?["properties"]
        #expect(average?["max_runs"]?["maximum"] == 1_000)
        #expect(average?["min_runs"]?["minimum"] == 1)
        #expect(outcome.json["properties"]?["deadline"]?["anyOf"]?.arrayValue?.count == 3)
    }
}

@Suite("task render") struct TaskRenderTests {
    @Test("renders templates with the date and configuration given")
    func render() async throws {
        var dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].arguments = [
            "bash_command": .template("echo {{ ds }} {{ params.market }} {{ var.value.place }}"),
            "env": .map(["ROWS": .output(task: TaskID("load"), key: nil)]),
        ]
        dag = Samples.detail(dag, definition)
        let outcome = await CommandLineHarness.run(
            "task", "render", "candles", "fetch", "--logical-date", "2026-11-20", "--conf", #"{"market": "KRW-BTC"}"#,
            "--output", "json", history: FakeHistory { $0.dags = [dag] },
            variables: ["CRYPTOFLOW_VAR_PLACE": "Seoul"])
        #expect(outcome.code == 0)
        #expect(outcome.json["bash_command"]?.stringValue == "echo 2026-11-20 KRW-BTC Seoul")
        #expect(outcome.json["env"]?["ROWS"] == .null)
    }

    @Test("shows the secrets of connections and variables as stars, also where a template fails on them")
    func secrets() async throws {
        var dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].arguments = [
            "bash_command": .template("psql {{ conn.db.get_uri() }} {{ conn.db.host }} {{ var.value.api_key }}"),
            "env": .map(["PASSWORD": .template("{{ conn.db.password }}"), "K": .value("key-of-upbit")]),
        ]
        dag = Samples.detail(dag, definition)
        let variables = [
            "CRYPTOFLOW_CONN_DB": "postgresql://me:p%40ss@db.example/market", "CRYPTOFLOW_VAR_API_KEY": "key-of-upbit",
        ]
        let outcome = await CommandLineHarness.run(
            "task", "render", "candles", "fetch", "--output", "json", history: FakeHistory { $0.dags = [dag] },
            variables: variables)
        #expect(
            outcome.json == [
                "bash_command": "psql postgresql://me:***@db.example/market db.example ***",
                "env": ["PASSWORD": "***", "K": "***"],
            ])
        definition.tasks[0].arguments = ["bash_command": .template("{{ {}[conn.db.password] }}")]
        dag = Samples.detail(dag, definition)
        let failed = await CommandLineHarness.run(
            "task", "render", "candles", "fetch", history: FakeHistory { $0.dags = [dag] }, variables: variables)
        #expect(failed.code == 1 && failed.errors.contains("***"), "\(failed.errors)")
        #expect(!failed.errors.contains("p@ss"))
    }

    @Test("shows what an instance of a mapped task gets, and without one the whole lists")
    func mapped() async throws {
        var dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].arguments = ["bash_command": .template("echo {{ task.task_id }}")]
        definition.tasks[0].expand = ["market": .value(["KRW-BTC", "KRW-ETH"])]
        dag = Samples.detail(dag, definition)
        let known = dag
        let history = FakeHistory { $0.dags = [known] }
        let whole = await CommandLineHarness.run("task", "render", "candles", "fetch", "-o", "json", history: history)
        #expect(whole.json["market"] == ["KRW-BTC", "KRW-ETH"])
        #expect(whole.json["bash_command"] == "echo fetch")
        let one = await CommandLineHarness.run(
            "task", "render", "candles", "fetch", "--map-index", "1", "-o", "json", history: history)
        #expect(one.json["market"] == "KRW-ETH")
        let printed = await CommandLineHarness.run(
            "task", "render", "candles", "fetch[0]", "-o", "json", history: history)
        #expect(printed.json["market"] == "KRW-BTC")
        let none = await CommandLineHarness.run(
            "task", "render", "candles", "load", "--map-index", "1", history: history)
        #expect(none.errors.contains("is not mapped"))
        for name in ["fetch[2]", "fetch[7]"] {
            let beyond = await CommandLineHarness.run("task", "render", "candles", name, history: history)
            #expect(beyond.code == 1 && beyond.output.isEmpty)
            #expect(beyond.errors.contains("there is no instance"), "\(beyond.errors)")
            // Its lists stand in the document: a run would change nothing.
            #expect(!beyond.errors.contains("--run"), "\(beyond.errors)")
        }
    }

    @Test("says which argument cannot be rendered, and why")
    func failure() async throws {
        var dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].arguments = ["bash_command": .template("echo {{ params.market }}")]
        dag = Samples.detail(dag, definition)
        let history = FakeHistory { $0.dags = [dag] }
        let outcome = await CommandLineHarness.run("task", "render", "candles", "fetch", history: history)
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("argument bash_command"))
        #expect(outcome.errors.contains("'params' has no attribute 'market'"))
        let unknown = await CommandLineHarness.run("task", "render", "candles", "fetsh", history: history)
        #expect(unknown.errors.contains("Did you mean \"fetch\"?"))
    }
}
