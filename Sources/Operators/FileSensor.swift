package import DAGModel
package import Execution
import Glibc

/// Airflow's FileSensor: waits until a file, or anything that a pattern names, is there.
package struct FileSensor: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "file_sensor", aliases: ["FileSensor", "airflow.providers.standard.sensors.filesystem.FileSensor"],
        summary: "Waits until a file is there.",
        parameters: [
            .init("filepath", .string, required: true, rule: .absolutePath, "a path, which may have *, ? and [] in it"),
            .init("fs_conn_id", .string, "accepted for Airflow's sake: paths are of the scheduler's machine"),
        ] + Sensing.parameters)

    private let path: String
    private let sensing: Sensing

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue]) throws {
        let arguments = try Arguments(values, Self.signature)
        path = try arguments.required("filepath")
        guard path.hasPrefix("/") else { throw Arguments.failure("filepath must be absolute, found \"\(path)\"") }
        sensing = try Sensing(arguments)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        guard let found = Self.first(path) else { throw sensing.notYet("there is no \(path)", context) }
        context.log.info("found \(found)")
        return TaskResult(output: .string(found))
    }

    private static func first(_ pattern: String) -> String? {
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(pattern, 0, nil, &result) == 0, result.gl_pathc > 0, let path = result.gl_pathv[0] else {
            return nil
        }
        return String(cString: path)
    }
}
