/// `var.value.NAME`: `CRYPTOFLOW_VAR_NAME`, then `AIRFLOW_VAR_NAME`, then the table.
package struct EnvironmentVariables: VariableReader {
    private let environment: [String: String]
    private let store: any VariableReader

    package init(environment: [String: String], store: any VariableReader) {
        self.environment = environment
        self.store = store
    }

    package func variable(named name: String) async throws -> String? {
        if let value = VariableName.text(of: name, in: environment) { return value }
        return try await store.variable(named: name)
    }
}
