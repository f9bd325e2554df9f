package import Execution
package import HTTPClient

/// What the ready-made operators need from the program.
package struct OperatorDependencies: Sendable {
    package let connections: Connections
    package let http: HTTPClient

    package init(connections: Connections, http: HTTPClient) {
        self.connections = connections
        self.http = http
    }
}

/// Adds `bash`, `shell`, `empty`, `http` and `sql`.
package func registerBuiltins(into registry: inout OperatorRegistry, _ dependencies: OperatorDependencies) {
    let connections = dependencies.connections
    let http = dependencies.http
    registry.register(EmptyOperator.signature) { try EmptyOperator(arguments: $0) }
    registry.register(BashOperator.signature) { try BashOperator(arguments: $0) }
    registry.register(ShellOperator.signature) { try ShellOperator(arguments: $0) }
    registry.register(HTTPOperator.signature) {
        try HTTPOperator(arguments: $0, connections: connections, client: http)
    }
    registry.register(SQLOperator.signature) { try SQLOperator(arguments: $0, connections: connections) }
}
