import Glibc
import TestSupport
import Testing

@testable import PrivateCluster

@Suite("What keeps a private cluster from starting is told in a sentence", .timeLimit(.minutes(2)))
struct PrivateClusterFailureTests {
    private func failure(of scratch: ScratchHome) async throws -> PrivateClusterError {
        let cluster = scratch.cluster()
        let error = await #expect(throws: PrivateClusterError.self) { try await cluster.start() }
        #expect(await cluster.processID == nil)
        return try #require(error)
    }

    @Test("another process of ours uses the home: its pid")
    func homeInUse() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, address async throws in
                let error = try await failure(of: scratch)
                #expect(error.code == .homeInUse)
                #expect(error.message.contains("pid \(getpid())"))
                #expect(try await ScratchHome.sql("SELECT 1", at: address) == "1", "the first one is not harmed")
            }
        }
    }

    @Test("data of another major version: both versions")
    func otherMajor() async throws {
        try await ScratchHome.with { scratch async throws in
            try scratch.home.prepare()
            try FileSystem.makeDirectory(scratch.home.postgres, mode: 0o700)
            try FileSystem.replace(scratch.home.postgres + "/PG_VERSION", with: "11\n", mode: 0o600)
            let error = try await failure(of: scratch)
            let installed = try await PostgresBinaries.find().major
            #expect(error.code == .otherMajorVersion)
            #expect(error.message.contains("PostgreSQL 11") && error.message.contains("PostgreSQL \(installed)"))
            #expect(error.advice?.contains("postgresql-11") == true)
        }
    }

    @Test("a folder with other contents is not touched")
    func foreignFolder() async throws {
        try await ScratchHome.with { scratch async throws in
            try scratch.home.prepare()
            try FileSystem.makeDirectory(scratch.home.postgres, mode: 0o700)
            try FileSystem.replace(scratch.home.postgres + "/diary", with: "dear\n", mode: 0o644)
            #expect(try await failure(of: scratch).code == .unusableHome)
            #expect(FileSystem.read(scratch.home.postgres + "/diary") == "dear\n")
        }
    }

    @Test("the home is a file")
    func homeIsAFile() async throws {
        try await ScratchHome.with { scratch async throws in
            try FileSystem.replace(scratch.home.path, with: "", mode: 0o644)
            let error = try await failure(of: scratch)
            #expect(error.code == .unusableHome)
            #expect(error.message.contains(scratch.home.path))
        }
    }

    @Test("a wrong setting of the operator's: the log's last lines, and the file to correct")
    func wrongSetting() async throws {
        try await ScratchHome.with { scratch async throws in
            try await scratch.running { _, _ in }
            try FileSystem.replace(
                scratch.home.postgres + "/" + ClusterSettings.localFile, with: "no_such_setting = 1\n", mode: 0o600,
                owner: ClusterUser.forThisProcess().owner)
            let error = try await failure(of: scratch)
            #expect(error.code == .startFailed)
            #expect(error.advice?.contains(ClusterSettings.localFile) == true)
            #expect(error.details.contains("no_such_setting"))
        }
    }

    @Test(
        "a home's name is checked",
        arguments: ["", "a\nb", "/" + String(repeating: "x/", count: 500)])
    func homeName(path: String) {
        let error = #expect(throws: PrivateClusterError.self) { try CryptoflowHome(path: path) }
        #expect(error?.code == .unusableHome)
    }

    @Test("no server programs: what to install")
    func missingPrograms() async {
        let error = await #expect(throws: PrivateClusterError.self) {
            try await PostgresBinaries.find(major: nil, among: ["/nonexistent/bin", "/usr/share"])
        }
        #expect(error?.code == .missingPrograms)
        #expect(error?.advice?.contains(PostgresBinaries.aptCommand) == true)
    }

    @Test(
        "causes are recognised in what PostgreSQL writes",
        arguments: [
            ("FATAL:  could not write to file \"pg_wal/xlogtemp.9\": No space left on device", "disk_full"),
            ("FATAL:  lock file \"postmaster.pid\" already exists", "start_failed"),
            ("FATAL:  data directory \"x\" has invalid permissions", "unusable_home"),
            (
                "DETAIL:  The data directory was initialized by PostgreSQL version 14, which is not compatible with this version 15.18",
                "other_major_version"
            ),
            ("something new", "start_failed"),
        ])
    func causes(output: String, code: String) {
        let error = StartFailure.explain("It fails", status: .exited(1), output: output, otherwise: .startFailed)
        #expect(error.code.description == code)
        #expect(error.details == output)
    }
}
