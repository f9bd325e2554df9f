import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("scratch directories")
struct ScratchDirectoriesTests {
    /// A parent of its own, so that no other test takes what this one gives back.
    private func withDirectories(_ body: (ScratchDirectories) throws -> Void) throws {
        let parent = "/tmp/cryptoflow-scratch-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        try body(ScratchDirectories(in: parent))
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("one that nobody has touched serves again, and two at once are two")
    func reuse() throws {
        try withDirectories { directories in
            let first = try directories.take()
            let second = try directories.take()
            #expect(first.path != second.path)
            directories.giveBack(first)
            #expect(try directories.take().path == first.path)
            directories.giveBack(second)
            directories.removeKept()
            #expect(!exists(second.path))
        }
    }

    @Test(
        "one that was touched is removed with what is in it",
        arguments: ["touch a", "touch a; rm a", "mkdir -p a/b; touch a/b/c", "chmod 755 .", "touch ."])
    func touched(by script: String) throws {
        try withDirectories { directories in
            let directory = try directories.take()
            #expect(system("cd \(directory.path) && { \(script); }") == 0)
            directories.giveBack(directory)
            #expect(!exists(directory.path))
            #expect(try directories.take().path != directory.path)
        }
    }

    @Test("one that was removed, replaced or touched while it was kept is not given out")
    func stale() throws {
        try withDirectories { directories in
            for script in ["rmdir D", "rmdir D && mkdir -m 700 D", "touch D/x", "rmdir D && ln -s /tmp D"] {
                let directory = try directories.take()
                directories.giveBack(directory)
                #expect(system(script.replacing("D", with: directory.path)) == 0)
                #expect(try directories.take().path != directory.path)
                #expect(!exists("\(directory.path)/x"))
            }
        }
    }

    @Test("a directory that cannot be made is a failure that says where")
    func noParent() {
        #expect { try ScratchDirectories(in: "/no/such").take() } throws: {
            "\($0)".contains("cannot make a working directory in /no/such: No such file")
        }
    }
}
