package import DAGModel
package import Execution
import Glibc

/// Airflow's BashOperator: a command line or script for `bash -c`.
///
/// Output goes line by line into the task's log, the last line is the return value, and exit code 99 means skipped. At a
/// timeout or cancel the whole session is stopped: TERM, grace, KILL.
package struct BashOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "bash",
        aliases: [
            "BashOperator", "airflow.providers.standard.operators.bash.BashOperator",
            "airflow.operators.bash.BashOperator", "airflow.operators.bash_operator.BashOperator",
        ],
        summary: "Runs a command line or a script with bash.", runsProcess: true, parameters: ShellCommand.parameters)

    private let command: ShellCommand

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments: [String: JSONValue]) throws {
        command = try ShellCommand(arguments, Self.signature)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        guard let bash = Self.bash else {
            throw TaskFailure(
                "there is no bash on this machine (/bin/bash, /usr/bin/bash, /usr/local/bin/bash): install it, or use "
                    + "the operator `shell`, which needs only /bin/sh", isRetryable: false)
        }
        return try await command.run(bash, context)
    }

    private static let bash = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"]
        .first { (path: String) in access(path, X_OK) == 0 }
}
