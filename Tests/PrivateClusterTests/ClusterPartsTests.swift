import Glibc
import TestSupport
import Testing

@testable import PrivateCluster

@Suite("Parts of the private cluster", .timeLimit(.minutes(1))) struct ClusterPartsTests {
    @Test("every test gets a database of its own", .database, arguments: 1...3)
    func database(number: Int) async throws {
        let name = try #require(TestDatabase.name)
        try await TestCluster.shared.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (\(number))", database: name)
        #expect(try await TestCluster.shared.execute("SELECT n FROM t", database: name) == "\(number)")
    }

    @Test("a template is prepared once and copied", arguments: 1...3)
    func template(number: Int) async throws {
        let name = try await TestCluster.shared.makeDatabase(like: "parts") { url in
            #expect(url.contains("template_parts"))
            try await TestCluster.shared.execute("CREATE TABLE once (n int)", database: "template_parts")
        }
        #expect(try await TestCluster.shared.execute("SELECT count(*) FROM once", database: name) == "0")
        try await TestCluster.shared.drop(database: name)
    }

    @Test(
        "the major version is read from the banner",
        arguments: [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15), ("postgres (PostgreSQL) 19beta1", 19),
            ("postgres (PostgreSQL) ", nil), ("command not found", nil),
        ] as [(String, Int?)])
    func banner(text: String, major: Int?) {
        #expect(PostgresBinaries.majorVersion(inBanner: text) == major)
    }

    @Test("Debian's folders come before the path")
    func candidates() throws {
        let all = PostgresBinaries.candidates(environmentPath: "/usr/local/bin:relative:/usr/bin:/usr/bin")
        #expect(all.last == "/usr/bin")
        #expect(!all.contains("relative"))
        let debian = all.firstIndex { $0.hasPrefix("/usr/lib/postgresql/") }
        let path = try #require(all.firstIndex(of: "/usr/local/bin"))
        #expect(debian.map { $0 < path } ?? true)
    }

    @Test("postmaster.pid is read at every stage of a start")
    func postmasterFile() {
        #expect(PostmasterFile(text: "") == nil)
        #expect(PostmasterFile(text: "junk\n") == nil)
        #expect(PostmasterFile(text: "42\n/data\n")?.status == "")
        let ready = PostmasterFile(text: "42\n/data\n1790000000\n5432\n/run\n\n  12  34\nready   \n")
        #expect(ready?.processID == 42)
        #expect(ready?.socketFolder == "/run")
        #expect(ready?.status == "ready")
    }

    @Test("URLs are percent-encoded")
    func url() {
        let address = ClusterAddress(socketFolder: "/tmp/a b%/c", password: "p@:/é")
        #expect(
            address.url(database: "x?y")
                == "postgresql://cryptoflow:p%40%3A%2F%C3%A9@/x%3Fy?host=%2Ftmp%2Fa%20b%25%2Fc")
    }

    @Test("a home's path is made absolute and plain")
    func homePath() throws {
        #expect(try CryptoflowHome(path: "/a//b/./c/../d/").path == "/a/b/d")
        #expect(try CryptoflowHome(path: ".cryptoflow").path.hasSuffix("/.cryptoflow"))
    }

    @Test("somebody else's folder or link in /tmp is never used for the socket")
    func socketFolder() throws {
        let base = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(base) }
        let user = try ClusterUser.forThisProcess()
        let long = "/" + String(repeating: "long", count: 30)
        let hash = ClusterLocation.hash(long)
        #expect(symlink(base, base + "/cryptoflow-" + hash) == 0)
        try FileSystem.makeDirectory(base + "/cryptoflow-\(hash)-1", mode: 0o755)
        // The folder's user must be able to create in it: it stands for /tmp.
        #expect(chmod(base, 0o1777) == 0)
        let folder = try SocketFolder.make(preferred: long, user: user, temporary: base, runtimeDirectory: nil)
        #expect(folder == base + "/cryptoflow-\(hash)-2")
        #expect(try SocketFolder.make(preferred: long, user: user, temporary: base, runtimeDirectory: nil) == folder)
    }

    @Test("the log is rotated by size at a start")
    func rotation() throws {
        let base = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(base) }
        for _ in 1...6 {
            let log = try PostgresLog.open(base + "/postgresql.log", rotationBytes: 4)
            #expect(log.offset == 0)
            _ = write(log.descriptor, "hello", 5)
            close(log.descriptor)
        }
        #expect(
            FileSystem.list(base) == ["postgresql.log", "postgresql.log.1", "postgresql.log.2", "postgresql.log.3"])
    }

    @Test("a home that PostgreSQL's user cannot reach keeps its cluster elsewhere", .enabled(if: geteuid() == 0))
    func unreachableHome() throws {
        let base = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(base) }
        let user = try ClusterUser.forThisProcess()
        let home = try CryptoflowHome(path: base + "/closed/home")
        try FileSystem.makeDirectory(base + "/closed", mode: 0o700)
        try home.prepare()
        #expect(!user.canReach(home.path))
        let shared = base + "/shared"
        let location = try ClusterLocation.resolve(home: home, user: user, sharedRoot: shared)
        #expect(location.root == shared + "/" + ClusterLocation.hash(home.path))
        #expect(SocketFolder.isPrivate(location.root, user: user))
        #expect(try ClusterLocation.resolve(home: home, user: user, sharedRoot: shared) == location, "it is remembered")
        // A new home of the same path must not wake up with the old data.
        try FileSystem.makeDirectory(location.data, mode: 0o700)
        try FileSystem.remove(home.clusterPointer)
        var orphans: [String] = []
        let next = try ClusterLocation.resolve(home: home, user: user, sharedRoot: shared) { orphans.append($0) }
        #expect(next == location)
        #expect(FileSystem.kind(next.data) == .missing)
        #expect(orphans.count == 1 && orphans.allSatisfy { FileSystem.kind($0 + "/postgres") == .directory })
    }

    @Test("a cluster whose folder has gone is told, not created again")
    func lostFolder() throws {
        let base = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(base) }
        let home = try CryptoflowHome(path: base)
        try FileSystem.replace(home.clusterPointer, with: base + "/gone\n", mode: 0o644)
        #expect(throws: PrivateClusterError.self) {
            try ClusterLocation.resolve(home: home, user: ClusterUser.forThisProcess())
        }
    }

    @Test("children inherit nothing of the shell's PostgreSQL variables and run in a session of their own")
    func child() async throws {
        let result = try await ChildProcess.run("/bin/sh", ["-c", "env | grep -c '^PG'; pwd; exit 3"])
        #expect(result.status == .exited(3))
        #expect(result.output == "0\n/\n")
        let sleeper = try ChildProcess("/bin/sleep", ["600"])
        #expect(getsid(sleeper.id) == sleeper.id)
        #expect(await sleeper.wait(atMostMilliseconds: 1) == nil)
        sleeper.signal(SIGKILL)
        #expect(await sleeper.wait() == .signalled(SIGKILL))
        #expect(throws: PrivateClusterError.self) { try ChildProcess("/nonexistent", []) }
    }
}
