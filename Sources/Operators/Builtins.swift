package import DAGModel
package import Execution
package import HTTPClient

/// What the ready-made operators need from the program.
package struct OperatorDependencies: Sendable {
    package let connections: Connections
    package let http: HTTPClient
    /// Nil leaves out the operators that ask about other runs.
    package let runs: (any RunInquiry)?

    package init(connections: Connections, http: HTTPClient, runs: (any RunInquiry)? = nil) {
        self.connections = connections
        self.http = http
        self.runs = runs
    }
}

/// What the ready-made operators are called and accept, without what they would need to run.
package let builtinSignatures: [OperatorSignature] =
    [
        EmptyOperator.signature, BashOperator.signature, ShellOperator.signature, HTTPOperator.signature,
        SQLOperator.signature, BranchOperator.signature, BranchSQLOperator.signature, ShortCircuitOperator.signature,
        LatestOnlyOperator.signature, FileSensor.signature, SQLSensor.signature, HTTPSensor.signature,
        ExternalTaskSensor.signature, AssetEventSensor.signature, TriggerDagRunOperator.signature,
    ] + TimeSensor.Kind.allCases.map(TimeSensor.signature)

/// Adds the operators of ``builtinSignatures``.
package func registerBuiltins(into registry: inout OperatorRegistry, _ dependencies: OperatorDependencies) {
    let connections = dependencies.connections
    let http = dependencies.http
    registry.register(EmptyOperator.signature) { try EmptyOperator(arguments: $0) }
    registry.register(BashOperator.signature) { try BashOperator(arguments: $0) }
    registry.register(ShellOperator.signature) { try ShellOperator(arguments: $0) }
    registry.register(HTTPOperator.signature) {
        try HTTPOperator(arguments: $0, connections: connections, client: http)
    }
    registry.register(BranchOperator.signature) { try BranchOperator(arguments: $0) }
    registry.register(ShortCircuitOperator.signature) { try ShortCircuitOperator(arguments: $0) }
    registry.register(LatestOnlyOperator.signature) { try LatestOnlyOperator(arguments: $0) }
    registry.register(FileSensor.signature) { try FileSensor(arguments: $0) }
    for kind in TimeSensor.Kind.allCases {
        registry.register(TimeSensor.signature(kind)) { try TimeSensor(kind, arguments: $0) }
    }
    registry.register(BranchSQLOperator.signature) { try BranchSQLOperator(arguments: $0, connections: connections) }
    registry.register(SQLSensor.signature) { try SQLSensor(arguments: $0, connections: connections) }
    registry.register(HTTPSensor.signature) { try HTTPSensor(arguments: $0, connections: connections, client: http) }
    if let runs = dependencies.runs {
        registry.register(ExternalTaskSensor.signature) { try ExternalTaskSensor(arguments: $0, runs: runs) }
        registry.register(AssetEventSensor.signature) { try AssetEventSensor(arguments: $0, runs: runs) }
        registry.register(TriggerDagRunOperator.signature) { try TriggerDagRunOperator(arguments: $0, runs: runs) }
    }
    registry.register(SQLOperator.signature) { try SQLOperator(arguments: $0, connections: connections) }
}
