import Glibc
import Testing

@testable import Commands

@Suite("Signals while a command waits") struct InterruptTests {
    /// With a signal that no other test minds.
    @Test("one that is ignored, as with nohup, is told from one that is not")
    func ignored() {
        let before = signal(SIGURG, SIG_IGN)
        #expect(Console.isIgnored(SIGURG))
        signal(SIGURG, SIG_DFL)
        #expect(!Console.isIgnored(SIGURG))
        signal(SIGURG) { _ in }
        #expect(!Console.isIgnored(SIGURG))
        signal(SIGURG, before)
    }
}
