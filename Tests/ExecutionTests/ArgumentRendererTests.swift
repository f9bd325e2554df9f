import DAGModel
import Execution
import Testing

@Suite("Argument renderer", .timeLimit(.minutes(1))) struct ArgumentRendererTests {
    private let connections = Connections(environment: [
        "CRYPTOFLOW_CONN_DB": "postgresql://me:p%40ss@db.example:5432/market?sslmode=require"
    ])

    private func render(_ template: String, _ readings: Readings = Readings()) async throws -> String? {
        let renderer = ArgumentRenderer(outputs: readings, variables: readings, connections: connections)
        let arguments = try await renderer.render(
            launch(arguments: ["a": .template(template)]), log: TaskLog(path: "/dev/null"))
        return arguments["a"]?.stringValue
    }

    @Test("xcom_pull reads outputs of the run, also one whose name another gave")
    func outputs() async throws {
        let readings = Readings(outputs: ["up.return_value": [1, 2], "up.next": "other", "other.return_value": "end"])
        #expect(try await render("{{ ti.xcom_pull('up') | join(',') }}", readings) == "1,2")
        let chained = "{{ ti.xcom_pull(ti.xcom_pull('up', key='next')) }}"
        #expect(try await render(chained, readings) == "end")
        #expect(try await render("{{ ti.xcom_pull('nobody') }}", readings) == "None")
    }

    /// The task `each` runs once for each of three elements, and its instances have outputs.
    @Test(
        "xcom_pull of a mapped task is the list of its instances' outputs, or those whose indexes are named",
        arguments: [
            ("ti.xcom_pull('each') | join(',')", "a,b,c"), ("ti.xcom_pull(task_ids='each') | length", "3"),
            ("ti.xcom_pull('each', map_indexes=1)", "b"),
            ("ti.xcom_pull('each', map_indexes=[2, 0]) | join(',')", "c,a"),
            ("ti.xcom_pull('each', map_indexes=7)", "None"), ("ti.xcom_pull('each', map_indexes=7, default='x')", "x"),
            ("ti.xcom_pull('each', key='other') | length", "0"), ("ti.xcom_pull(['each', 'up'])[0] | last", "c"),
        ])
    func mapped(expression: String, expected: String) async throws {
        let readings = Readings(outputs: [
            "each.return_value": ["a", "b", "c"], "each[0].return_value": "a", "each[1].return_value": "b",
            "each[2].return_value": "c", "up.return_value": 1,
        ])
        let plain = launch(arguments: [
            "a": .template("{{ \(expression) }}"), "b": .output(task: TaskID("each"), key: nil),
        ])
        var each = TaskSpec(id: TaskID("each"), place: plain.task.place, body: .uses("test"))
        each.expand = ["a": .value(["x", "y", "z"])]
        var dag = plain.dag
        dag.tasks = [each, plain.task]
        let launch = AttemptLaunch(
            attempt: plain.attempt, epoch: 1, dag: dag, task: plain.task, run: plain.run, mapIndex: -1, tryNumber: 1,
            maxTries: 1)
        let renderer = ArgumentRenderer(outputs: readings, variables: readings, connections: connections)
        let arguments = try await renderer.render(launch, log: TaskLog(path: "/dev/null"))
        #expect(arguments == ["a": .string(expected), "b": ["a", "b", "c"]])
    }

    @Test("a task's parameters go over the DAG's, and the run's conf over both")
    func parameters() async throws {
        let arguments: [String: Argument] = ["a": .template("{{ params.x }} {{ params.y }} {{ params.z }}")]
        let launch = launch(
            arguments: arguments, params: ["x": "dag", "y": "dag", "z": "dag"], taskParams: ["y": "task", "z": "task"],
            conf: .object(["z": "conf"]))
        let renderer = ArgumentRenderer(outputs: Readings(), variables: Readings(), connections: connections)
        #expect(try await renderer.render(launch, log: TaskLog(path: "/dev/null"))["a"] == "dag task conf")
    }

    @Test("conn shows the parts of a connection, decoded")
    func parts() async throws {
        let template =
            "{{ conn.db.host }} {{ conn.db.port }} {{ conn.db.login }} {{ conn.db.password }} {{ conn.db.schema }}"
        #expect(try await render(template) == "db.example 5432 me p@ss market")
        #expect(try await render("{{ conn.db.extra_dejson.sslmode }} {{ conn.db.conn_type }}") == "require postgresql")
    }

    @Test("a template that reads ever more outputs is stopped")
    func bounded() async throws {
        let greedy = "{% for i in range(2000) %}{{ ti.xcom_pull('t' ~ i) }}{% endfor %}"
        let failure = await #expect(throws: TaskFailure.self) { try await render(greedy) }
        #expect(failure?.reason.contains("more than 1000 variables and outputs") == true)
    }
}
