import DAGDocument
import DAGModel
import Operators
import Testing

/// What a document's check knows of the operators' arguments.
@Suite("Operators in documents") struct OperatorDocumentTests {
    private func problems(_ tasks: String) -> [String] {
        let loader = DocumentLoader(catalog: OperatorCatalog(builtinSignatures), root: "/nonexistent")
        let text = "$schema: 2026-10-30\ndag_id: d\ntasks:\n" + tasks
        return loader.load(bytes: Array(text.utf8), file: "a.yaml").diagnostics.map(\.description)
    }

    @Test(
        "arguments that no run could use are refused",
        arguments: [
            ("{id: t, uses: bash, with: {bash_command: ''}}", "'bash_command' takes a text that is not empty"),
            (
                "{id: t, uses: bash, with: {bash_command: x, skip_on_exit_code: x}}",
                "'skip_on_exit_code' takes an exit status from 0 to 255, or a list of them, found the string \"x\""
            ),
            ("{id: t, uses: bash, with: {bash_command: x, skip_on_exit_code: [1, x]}}", "takes an exit status"),
            ("{id: t, uses: bash, with: {bash_command: x, skip_on_exit_code: 300}}", "found the number 300"),
            ("{id: t, uses: bash, with: {bash_command: x, output_encoding: latin1}}", "takes utf-8 and nothing else"),
            ("{id: t, uses: sql, with: {sql: SELECT 1}}", "needs 'conn_id' or 'postgres_conn_id'"),
            ("{id: t, uses: sql, with: {sql: SELECT 1, conn_id: null}}", "needs 'conn_id' or 'postgres_conn_id'"),
            ("{id: t, uses: sql, with: {sql: [], conn_id: warehouse}}", "takes a text that is not empty"),
            ("{id: t, uses: time_sensor, with: {target_time: '25:00'}}", "takes a time of day such as 14:30"),
            ("{id: t, uses: date_time_sensor, with: {target_time: soon}}", "takes a date and time"),
            ("{id: t, uses: file_sensor, with: {filepath: here}}", "takes a path that begins with /"),
            ("{id: t, uses: http, with: {url: 'http://x', method: FOO}}", "takes GET, POST, PUT"),
            ("{id: t, uses: http, with: {url: 'http://x', endpoint: y}}", "takes 'url' or 'endpoint', not both"),
            ("{id: t, uses: asset_sensor}", "needs 'name' or 'uri'"),
            ("{id: t, uses: branch}", "needs 'follow' or 'condition'"),
            ("{id: t, uses: branch, with: {condition: x}}", "needs 'if_true' or 'if_false' beside 'condition'"),
            (
                "{id: a, uses: branch, with: {follow: [b], condition: x, if_true: b}}\n- {id: b, uses: empty, needs: [a]}",
                "takes 'follow' or 'condition', not both"
            ),
            (
                "{id: a, uses: branch, with: {follow: [zz]}}",
                "tasks[0].with.follow[0]: unknown task 'zz'"
            ),
            (
                "{id: a, uses: branch, with: {follow: 'b, c'}}\n- {id: b, uses: empty, needs: [a]}\n"
                    + "- {id: c, uses: empty, needs: [b]}",
                "'c' cannot be followed: it does not come directly after 'a' (add needs: [a] to it)"
            ),
            (
                "{id: a, uses: empty, on_failure_callback: {uses: webhook, with: {url: 'http://x', endpoint: y}}}",
                "the notifier 'webhook' takes 'url' or 'endpoint', not both"
            ),
        ])
    func refused(task: String, expected: String) {
        let found = problems("- " + task + "\n")
        #expect(found.contains { $0.contains(expected) }, "\(found.joined(separator: "\n"))")
    }

    @Test(
        "arguments that a run can use are not",
        arguments: [
            "{id: t, uses: bash, with: {bash_command: {$t: '{{ ds }}'}, skip_on_exit_code: [99, '7']}}",
            "{id: t, uses: bash, with: {bash_command: x, skip_on_exit_code: null, output_encoding: UTF-8}}",
            "{id: t, uses: sql, with: {sql: ['', SELECT 1]}, conn_id: warehouse}",
            "{id: t, uses: sql, with: {sql: SELECT 1, postgres_conn_id: warehouse}}",
            "{id: t, uses: time_sensor, with: {target_time: '23:59:59'}}",
            "{id: t, uses: http, with: {method: get}}",
            "{id: a, uses: branch, with: {follow: {$t: '{{ params.p }}'}}}",
            "{id: a, uses: branch, with: {condition: x, if_true: [b]}}\n- {id: b, uses: empty, needs: [a]}",
            "{id: a, uses: empty, on_failure_callback: {uses: webhook}}",
        ])
    func good(task: String) {
        let found = problems("- " + task + "\n")
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }
}
