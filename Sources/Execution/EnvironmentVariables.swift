/// `var.value.NAME`: `CRYPTOFLOW_VAR_NAME`, then `AIRFLOW_VAR_NAME`, then the table.
package struct EnvironmentVariables: VariableReader {
    private let environment: [String: String]
    private let store: any VariableReader

    package init(environment: [String: String], store: any VariableReader) {
        self.environment = environment
        self.store = store
    }

    package func variable(named name: String) async throws -> String? {
        for prefix in ["CRYPTOFLOW_VAR_", "AIRFLOW_VAR_"] {
            if let value = environment[prefix + name.uppercased()] { return value }
        }
        return try await store.variable(named: name)
    }
}
