import Glibc
import TestSupport
import Testing

@testable import PrivateCluster

@Suite("Private cluster", .timeLimit(.minutes(2))) struct PrivateClusterTests {
    @Test("data survive a stop and a start, and a stop leaves nothing running")
    func restart() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, address async throws in
                try await ScratchHome.sql("CREATE TABLE t AS SELECT 7 AS n", at: address)
            }
            #expect(LeftoverProcesses.find(dataDirectory: scratch.home.postgres).isEmpty)
            try await scratch.running { cluster, address async throws in
                #expect(try await cluster.start() == address)
                #expect(try await ScratchHome.sql("SELECT n FROM t", at: address) == "7")
            }
        }
    }

    @Test("the server is private: no network, a password always, folders and secrets closed to others")
    func privacy() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { cluster, address async throws in
                let home = scratch.home
                #expect(ScratchHome.permissions(home.secrets) == 0o700)
                #expect(ScratchHome.permissions(home.passwordFile) == 0o600)
                #expect(ScratchHome.permissions(home.postgres) == 0o700)
                #expect(ScratchHome.permissions(address.socketFolder) == 0o700)
                #expect(address.password.count == 64)
                #expect(!"\(address)".contains(address.password))
                let wrong = ClusterAddress(socketFolder: address.socketFolder, password: "wrong")
                await #expect(throws: TestClusterError.self) { try await ScratchHome.sql("SELECT 1", at: wrong) }
                let settings = """
                    SELECT current_setting('listen_addresses') || '|' || current_setting('data_checksums') || '|' ||
                      current_setting('server_encoding') || '|' || datcollate || '|' || current_setting('timezone')
                    FROM pg_database WHERE datname = 'postgres'
                    """
                #expect(try await ScratchHome.sql(settings, at: address) == "|on|UTF8|C.UTF-8|UTC")
                let process = try #require(await cluster.processID)
                #expect(getsid(process) == process, "Ctrl-C in the terminal must not reach it")
                #expect(try PrivateCluster.runningAddress(home: home) == address)
            }
            #expect(throws: PrivateClusterError.self) { try PrivateCluster.runningAddress(home: scratch.home) }
        }
    }

    @Test("a supervised server comes back after kill -9, with its data")
    func supervision() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { cluster, address async throws in
                try await ScratchHome.sql("CREATE TABLE t AS SELECT 7 AS n", at: address)
                let (events, sink) = AsyncStream.makeStream(of: PrivateCluster.Event.self)
                let supervisor = Task { try await cluster.supervise { sink.yield($0) } }
                var first: Int32?
                for round in 1...2 {
                    let process = try #require(await cluster.processID)
                    #expect(process != first, "round \(round)")
                    first = process
                    kill(process, SIGKILL)
                    for await event in events {
                        if case .restarted = event { break }
                    }
                    #expect(try await ScratchHome.sql("SELECT n FROM t", at: address) == "7")
                }
                supervisor.cancel()
                try await supervisor.value
            }
        }
    }

    @Test("stop ends supervision too")
    func stopWhileSupervised() async throws {
        try await ScratchHome.with { scratch async throws in
            let cluster = scratch.cluster()
            _ = try await cluster.start()
            let supervisor = Task { try await cluster.supervise() }
            await cluster.stop()
            // Supervision that begins after the stop says so; one that was under way just returns.
            do { try await supervisor.value } catch let error as PrivateClusterError {
                #expect(error.code == .notRunning)
            }
            #expect(await cluster.processID == nil)
        }
    }

    @Test("a server that a killed process left running is replaced")
    func forsakenServer() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, _ in }
            let old = try await scratch.startForsakenServer()
            try await scratch.running { cluster, address async throws in
                #expect(old.status != nil)
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
                #expect(await cluster.processID != old.id)
            }
        }
    }

    @Test("backends that outlive a killed postmaster are ended before the start")
    func leftoverBackends() async throws {
        try await ScratchHome.with { scratch async throws in
            let address = try await { () async throws -> ClusterAddress in
                let cluster = scratch.cluster()
                let address = try await cluster.start()
                await cluster.stop()
                return address
            }()
            let server = try await scratch.startForsakenServer()
            // A loop that waits for nothing does not notice that the postmaster is gone.
            let loop = Task {
                try await ScratchHome.sql("SET application_name = 'loop'; DO 'BEGIN LOOP END LOOP; END'", at: address)
            }
            while try await ScratchHome.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'loop' AND state = 'active'",
                at: address) != "1"
            { await Task.yield() }
            server.signal(SIGKILL)
            _ = await server.wait()
            #expect(!LeftoverProcesses.find(dataDirectory: scratch.home.postgres).isEmpty)
            try await scratch.running { _, address async throws in
                #expect(
                    try await ScratchHome.sql(
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'loop'", at: address) == "0")
            }
            _ = await loop.result
        }
    }

    @Test("stale lock files whose pid belongs to a stranger do not keep it from starting")
    func stalePid() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, address async throws in
                let pidFile = try #require(FileSystem.read(PostmasterFile.path(in: scratch.home.postgres)))
                #expect(pidFile.contains(address.socketFolder))
            }
            // Process 1 always lives, and is no PostgreSQL.
            let stale = "1\n\(scratch.home.postgres)\n1\n5432\n\(scratch.home.run)\n\n  0  0\nready   \n"
            let owner = try ClusterUser.forThisProcess().owner
            try FileSystem.replace(
                PostmasterFile.path(in: scratch.home.postgres), with: stale, mode: 0o600, owner: owner)
            try FileSystem.replace(
                scratch.home.run + "/" + SocketFolder.socketName + ".lock", with: stale, mode: 0o600, owner: owner)
            try await scratch.running { _, address async throws in
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
            }
        }
    }

    @Test("when its owner is gone, the watchdog stops the server and removes what it was told to")
    func watchdog() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, _ in }
            let server = try await scratch.startForsakenServer()
            // The pipe closes with the object, as it does with the process.
            do { _ = try Watchdog(postmaster: server.id, dataDirectory: scratch.home.postgres, aftermath: .keep) }
            #expect(await server.wait(atMostMilliseconds: 30_000) == .exited(0))
            #expect(FileSystem.kind(scratch.home.postgres) == .directory)
        }
    }

    @Test("a dismissed watchdog leaves the server alone")
    func dismissedWatchdog() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, _ in }
            let server = try await scratch.startForsakenServer()
            let watchdog = try Watchdog(postmaster: server.id, dataDirectory: scratch.home.postgres, aftermath: .keep)
            watchdog.dismiss()
            _ = await watchdog.process.wait()
            #expect(server.status == nil)
            server.signal(SIGINT)
            _ = await server.wait()
        }
    }

    @Test("a lost password file is replaced, and the new password works")
    func lostPassword() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, _ in }
            let before = scratch.home.readSecret(name: "postgresql-password")
            try FileSystem.remove(scratch.home.passwordFile)
            try await scratch.running { _, address async throws in
                #expect(address.password != before)
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
            }
        }
    }

    @Test("what an interrupted initialisation left is thrown away")
    func halfMade() async throws {
        try await ScratchHome.with { scratch async throws in
            try scratch.home.prepare()
            let unfinished = scratch.home.path + "/postgres.unfinished"
            try FileSystem.makeDirectories(unfinished + "/data/base", mode: 0o700)
            try FileSystem.replace(unfinished + "/data/PG_VERSION", with: "15\n", mode: 0o600)
            try await scratch.running { _, address async throws in
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
                #expect(FileSystem.kind(unfinished) == .missing)
            }
        }
    }

    @Test("an initdb that a killed process left at work is ended")
    func forsakenInitializer() async throws {
        try await ScratchHome.with { scratch async throws in
            try scratch.home.prepare()
            let user = try ClusterUser.forThisProcess()
            let unfinished = scratch.home.path + "/postgres.unfinished"
            let binaries = try await PostgresBinaries.find()
            try user.makePrivateDirectory(unfinished)
            let (program, arguments) = try user.command(
                binaries.initdb, ["--pgdata=\(unfinished)/data", "--auth=trust"])
            let initializer = try ChildProcess(program, arguments)
            // Its directory exists as soon as initdb itself runs (and no longer setpriv, or the shell before it).
            while FileSystem.kind(unfinished + "/data") == .missing {
                try #require(await initializer.wait(atMostMilliseconds: 1) == nil)
            }
            // Held, so that it cannot be done before it is ended.
            try #require(kill(initializer.id, SIGSTOP) == 0)
            try await scratch.running { _, address async throws in
                #expect(initializer.status == .signalled(SIGKILL))
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
            }
        }
    }

    @Test("when its owner is gone, an initdb is killed and its folder removed")
    func watchedInitializer() async throws {
        try await ScratchHome.with { scratch async throws in
            let folder = scratch.folder + "/watched"
            try FileSystem.makeDirectory(folder, mode: 0o700)
            // It stands for initdb: a process whose command line names the directory.
            let child = try ChildProcess("/bin/sh", ["-c", "sleep 600; exit 0", folder])
            let watchdog = try { () throws in
                try Watchdog(initializer: child.id, directory: folder, aftermath: .remove(folder)).process
            }()
            #expect(await child.wait() == .signalled(SIGKILL))
            #expect(await watchdog.wait() == .exited(0))
            #expect(FileSystem.kind(folder) == .missing)
        }
    }

    @Test("a start that is cancelled leaves nothing running and the home free")
    func cancelledStart() async throws {
        try await ScratchHome.with { scratch async throws in
            let cluster = scratch.cluster()
            let start = Task { try await cluster.start() }
            start.cancel()
            await #expect(throws: CancellationError.self) { try await start.value }
            #expect(await cluster.processID == nil)
            try await scratch.running { _, address async throws in
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
            }
        }
    }

    @Test("a deep home gets its socket in a short folder elsewhere")
    func deepHome() async throws {
        let name = (1...6).map { "a-rather-long-folder-name-\($0)" }.joined(separator: "/") + "/ho'me, \"quoted\" 100%"
        try await ScratchHome.with(named: name) { scratch async throws in
            try await scratch.running { _, address async throws in
                #expect(address.socketFolder.utf8.count <= SocketFolder.longestFolder)
                #expect(!address.socketFolder.hasPrefix(scratch.folder))
                #expect(ScratchHome.permissions(address.socketFolder) == 0o700)
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1")
                #expect(try PrivateCluster.runningAddress(home: scratch.home) == address)
            }
            try FileSystem.remove(
                SocketFolder.make(preferred: scratch.home.run, user: ClusterUser.forThisProcess()))
        }
    }
}
