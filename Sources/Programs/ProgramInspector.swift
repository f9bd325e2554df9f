import CivilTime
package import Commands
import DAGDocument
import FoundationEssentials
import Glibc
import Hosting
import PostgresClient
import PrivateCluster
import RunStore

/// Looks at the folders, the database, the disk and the port that settings name.
package struct ProgramInspector: ConfigInspector {
    package init() {}

    package func folder(_ name: String) -> String? {
        guard let installation = try? Installation() else { return nil }
        return try? name == "dags" ? installation.dags() : installation.migrations()
    }

    package func inspect(_ request: ConfigRequest) async -> [ConfigFinding] {
        var findings: [ConfigFinding] = []
        var folder: String?
        var migrations: String?
        do {
            let installation = try Installation(dags: request.dags, migrations: request.migrations)
            let dags = try installation.dags()
            folder = dags
            findings.append(documents(dags))
            migrations = try installation.migrations()
        } catch {
            findings.append(ConfigFinding("folders", .problem, "\(error)"))
        }
        let home = try? CryptoflowHome(path: request.database.home)
        findings.append(self.home(request.database, home))
        let (found, leader) = await database(request.database, migrations: migrations)
        findings += found
        if let folder, let read = leader?.dags(standard: try? Installation()), read != folder {
            findings.append(
                ConfigFinding(
                    "leader", .warning, "the leading scheduler reads \(read), these settings name \(folder)",
                    advice: "give --dags \(read), or start the scheduler anew"))
        }
        for path in Set([home?.path, request.logs].compactMap { $0 }.map(Self.existing)).sorted() {
            if let disk = Self.disk(path) { findings.append(disk) }
        }
        findings.append(port(request.port, of: leader))
        return findings
    }

    private func documents(_ folder: String) -> ConfigFinding {
        let loader = DocumentLoader(catalog: OperatorCatalog(OperatorKit.signatures), root: folder)
        let files = loader.load(DAGFolder(root: folder).scan().map(\.file), threads: 2)
        let broken = files.filter(\.hasErrors).map(\.file)
        let count = files.reduce(0) { $0 + $1.dags.count }
        guard let first = broken.first else { return ConfigFinding("dags", .ok, "\(count) DAGs load from \(folder)") }
        return ConfigFinding(
            "dags", .problem, "\(broken.count) of \(files.count) files in \(folder) have errors, the first is \(first)",
            advice: "cryptoflow dag validate \(folder)")
    }

    private func home(_ target: DatabaseTarget, _ home: CryptoflowHome?) -> ConfigFinding {
        guard let home else { return ConfigFinding("home", .problem, "\(target.home) is no path for a home") }
        guard access(home.path, F_OK) == 0 else {
            return ConfigFinding(
                "home", target.url == nil ? .problem : .ok, "there is no home at \(home.path) yet",
                advice: target.url == nil ? "cryptoflow standalone makes one" : nil)
        }
        guard access(home.path, R_OK | W_OK | X_OK) == 0 else {
            return ConfigFinding(
                "home", .problem, "\(home.path) cannot be written by this user: \(String(cString: strerror(errno)))")
        }
        do {
            let feed = try HomeState.load(home).feed
            return ConfigFinding(
                "home", .ok,
                feed.map { "\(home.path), with \($0.rawValue) market data" } ?? "\(home.path), not started yet")
        } catch {
            return ConfigFinding("home", .problem, "\(error)")
        }
    }

    // MARK: - Database

    private func database(
        _ target: DatabaseTarget, migrations: String?
    ) async -> ([ConfigFinding], leader: LeaderProcess?) {
        let url: String
        do {
            url = try DatabaseAddress.resolve(target).ownerURL
        } catch {
            return ([ConfigFinding("database", .problem, "\(error)")], nil)
        }
        let start = ContinuousClock.now
        let connection: PostgresConnection
        do {
            connection = try await PostgresConnection.connect(try PostgresSettings(url: url))
        } catch {
            return ([ConfigFinding("database", .problem, "\(error)")], nil)
        }
        var findings: [ConfigFinding] = []
        var leader: LeaderProcess?
        do {
            let row = try await connection.query("SELECT current_setting('server_version'), current_database()").first
            let took = Elapsed.milliseconds(ContinuousClock.now - start)
            let version: String = try row?.decode(0) ?? ""
            let name: String = try row?.decode(1) ?? ""
            findings.append(
                ConfigFinding("database", .ok, "\(name) answers in \(took), PostgreSQL \(version.prefix { $0 != " " })")
            )
            if let migrations {
                let migrator = try Migrator(directory: URL(filePath: migrations, directoryHint: .isDirectory))
                let pending = try await migrator.status(connection).pending
                findings.append(
                    pending.isEmpty
                        ? ConfigFinding("migrations", .ok, "the tables are up to date")
                        : ConfigFinding(
                            "migrations", .warning, "\(pending.count) migrations are pending",
                            advice: "cryptoflow db migrate"
                        ))
                if pending.isEmpty {
                    let (finding, pid) = try await scheduler(connection)
                    findings.append(finding)
                    leader = pid.flatMap { LeaderProcess(pid: $0) }
                }
            }
        } catch {
            findings.append(ConfigFinding("migrations", .problem, "\(error)"))
        }
        await connection.close()
        return (findings, leader)
    }

    /// - Returns: also the leader's process, where that is one of this machine.
    private func scheduler(_ connection: PostgresConnection) async throws -> (ConfigFinding, pid: Int?) {
        let row = try await connection.query(
            "SELECT host, pid, boot_id FROM flow.scheduler_lease WHERE expires_at > clock_timestamp()"
        ).first
        guard let row else {
            let finding = ConfigFinding(
                "scheduler", .warning, "no scheduler leads",
                advice: "start cryptoflow-scheduler, or cryptoflow standalone")
            return (finding, nil)
        }
        let (host, pid): (String, Int) = (try row.decode(0), try row.decode(1))
        let here = ThisProcess.leaseHolder()
        let bootID: String = try row.decode(2)
        let isHere = host == here.host && bootID == here.bootID
        return (ConfigFinding("scheduler", .ok, "a scheduler leads: \(host), process \(pid)"), isHere ? pid : nil)
    }

    // MARK: - Disk and port

    /// The path, or the nearest folder above it that is there.
    private static func existing(_ path: String) -> String {
        var path = path
        while access(path, F_OK) != 0, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = String(path[..<slash])
        }
        return path.isEmpty ? "/" : path
    }

    private static let lowBytes: UInt64 = 1 << 30
    private static let fullBytes: UInt64 = 100 << 20

    private static func disk(_ path: String) -> ConfigFinding? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0, facts.f_blocks > 0 else { return nil }
        let free = UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
        let inodes = facts.f_files > 0 && facts.f_favail < 1_000
        let text = "\(free >> 20) MB are free where \(path) is" + (inodes ? ", and almost no files can be made" : "")
        let state: ConfigFinding.State = free < fullBytes || inodes ? .problem : free < lowBytes ? .warning : .ok
        return ConfigFinding(
            "disk", state, text, advice: state == .ok ? nil : "make room: cryptoflow db prune --dry-run")
    }

    private func port(_ port: Int, of leader: LeaderProcess?) -> ConfigFinding {
        guard port > 0 else { return ConfigFinding("port", .ok, "a free port will be taken") }
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return ConfigFinding("port", .warning, "no socket can be made to look") }
        defer { close(socket) }
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 {
            let other = leader?.port(standard: ConfigRequest.standardPort).flatMap { $0 == port || $0 == 0 ? nil : $0 }
            return ConfigFinding(
                "port", other == nil ? .ok : .warning,
                "port \(port) of 127.0.0.1 is free"
                    + (other.map { "; the leading scheduler's page is on port \($0)" } ?? ""),
                advice: other.map { "give --port \($0)" })
        }
        let reason = errno
        if reason == EADDRINUSE {
            if leader?.port(standard: ConfigRequest.standardPort) == port {
                return ConfigFinding("port", .ok, "port \(port) of 127.0.0.1 is the leading scheduler's page")
            }
            return ConfigFinding(
                "port", .warning,
                "port \(port) of 127.0.0.1 is taken: by CryptoFlow if it runs, else by another program",
                advice: "choose another with --port")
        }
        return ConfigFinding("port", .problem, "port \(port) cannot be used: \(String(cString: strerror(reason)))")
    }
}

private enum Elapsed {
    static func milliseconds(_ duration: Duration) -> String {
        let parts = duration.components
        return "\(parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000) ms"
    }
}
