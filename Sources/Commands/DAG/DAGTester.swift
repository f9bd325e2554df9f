package import CivilTime
package import DAGModel
package import RunStore
package import SchedulerCore

/// Runs one DAG in this process, without a history.
///
/// The program that runs the commands knows how.
package protocol DAGTester: Sendable {
    /// The folder of DAG documents where the command line names none.
    func folder() throws -> String

    /// Makes a run and returns when it has ended, or the user has stopped it.
    ///
    /// Throws an error whose description says to a person why there is no run.
    ///
    /// - Parameter report: what happens, as it happens; called from any thread.
    func run(_ request: DAGTestRequest, report: @escaping @Sendable (DAGTestEvent) -> Void) async throws
        -> DAGTestResult
}

/// What to run, and with what.
package struct DAGTestRequest: Sendable {
    package let dag: DAGRecord
    package let logicalDate: Timestamp
    package let conf: JSONValue
    /// Where the connection `warehouse` and market data are, if there.
    package let database: DatabaseTarget
    /// Another address that speaks Upbit's REST dialect; nil for the usual one.
    package let exchangeURL: String?
    /// The environment that tasks inherit, connections and variables among it.
    package let environment: [String: String]

    init(
        dag: DAGRecord, logicalDate: Timestamp, conf: JSONValue, database: DatabaseTarget, exchangeURL: String?,
        environment: [String: String]
    ) {
        self.dag = dag
        self.logicalDate = logicalDate
        self.conf = conf
        self.database = database
        self.exchangeURL = exchangeURL
        self.environment = environment
    }
}

/// Something that happened in a run under test.
package enum DAGTestEvent: Sendable {
    case runBegan(RunRecord)
    case tryBegan(AttemptStart)
    case task(TaskInstanceRecord)
    /// Whole lines of a try's log.
    case log(TaskInstanceKey, String)
}

/// How a run under test ended.
package enum DAGTestResult: Sendable {
    case ended(RunDetail)
    /// Ctrl-C, or a TERM.
    case interrupted
}
