/// PostgreSQL's settings for one cluster.
package struct ClusterSettings: Sendable, Hashable {
    /// Name and value, as in postgresql.conf.
    package var values: [String: String]

    /// For an installation on a small machine, with the default durability: what was committed survives a power cut.
    package static let standard = ClusterSettings(values: [
        "max_connections": "100",
        "shared_buffers": "128MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "max_wal_size": "1GB",
        // A statement whose client is gone ends within seconds, so a killed scheduler's queries do not hold their locks.
        "client_connection_check_interval": "2s",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    ])

    /// For tests: nothing is synced to disk, and it is small.
    ///
    /// What was committed still survives a `kill -9`, only not a power cut.
    package static let tests = standard.merging([
        // Many tests at once, each with pools of its own.
        "max_connections": "300",
        "shared_buffers": "32MB",
        "fsync": "off",
        "full_page_writes": "off",
        "max_wal_size": "256MB",
        "min_wal_size": "32MB",
        "autovacuum": "off",
    ])

    /// These settings with others laid over them.
    package func merging(_ others: [String: String]) -> ClusterSettings {
        ClusterSettings(values: values.merging(others) { _, new in new })
    }

    /// The file that an operator may add; it is read last and never written by us.
    static let localFile = "postgresql.local.conf"

    /// The whole of postgresql.conf.
    ///
    /// What makes the cluster private cannot be overridden by `values`.
    func configuration(socketFolder: String) -> String {
        let fixed = [
            // No network: only the socket in the private folder.
            "listen_addresses": "", "port": "5432", "unix_socket_directories": "\"\(socketFolder)\"",
            "unix_socket_permissions": "0700", "password_encryption": "scram-sha-256", "logging_collector": "off",
            "log_destination": "stderr", "timezone": "UTC", "log_timezone": "UTC", "datestyle": "iso, ymd",
            "lc_messages": "C.UTF-8", "lc_monetary": "C.UTF-8", "lc_numeric": "C.UTF-8", "lc_time": "C.UTF-8",
            "default_text_search_config": "pg_catalog.simple", "cluster_name": "cryptoflow",
        ]
        let all = values.merging(fixed) { _, fixed in fixed }.sorted { $0.key < $1.key }
        let lines = all.map {
            "\($0.key) = '\($0.value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
        }
        return """
            # Written by cryptoflow at every start. Put settings of yours into \(Self.localFile) beside this file.
            \(lines.joined(separator: "\n"))
            include_if_exists = '\(Self.localFile)'

            """
    }

    /// The whole of pg_hba.conf: the socket alone, and never without the password.
    static let hostBasedAuthentication = """
        # Written by cryptoflow at every start: the local socket alone, always with a password.
        local all all scram-sha-256
        local replication all scram-sha-256

        """
}
