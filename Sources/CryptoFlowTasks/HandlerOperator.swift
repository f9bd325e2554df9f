import DAGModel
import Execution

/// A handler as the executor sees it: an operator for one try.
struct HandlerOperator: Execution.Operator {
    let body: TaskHandlers.Body
    let arguments: [String: JSONValue]
    let outputs: any OutputReader

    // Off whatever called: a handler is the user's own code, and may take its time.
    @concurrent
    func execute(_ context: Execution.TaskContext) async throws -> TaskResult {
        let changes = AssetChanges()
        let facts = TaskContext(context.launch, log: context.log, outputs: outputs, changes: changes)
        do {
            let output = try await body(.object(arguments), facts)
            // It was told to stop: whatever it returns, it did not do all it should.
            try Task.checkCancellation()
            return TaskResult(output: output, assetChanges: changes.all)
        } catch let failure as TaskFailed {
            throw TaskFailure(failure.reason, isRetryable: failure.isRetryable)
        } catch let skip as TaskSkipped {
            throw TaskSkip(skip.reason)
        }
    }
}
