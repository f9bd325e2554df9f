import Commands
import Glibc
import Testing

@Suite("Ctrl-C while a command waits", .timeLimit(.minutes(1))) struct InterruptTests {
    /// Threads of a pool have signals blocked.
    private static func interrupt() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(SIGINT)
    }

    @Test("ends it with 130")
    func ends() async {
        await #expect(processExitsWith: .exitCode(130)) {
            signal(SIGINT, SIG_DFL)
            Console.standard.announcesInterrupts()
            Self.interrupt()
        }
    }

    @Test("stays ignored where it was, as with nohup")
    func ignored() async {
        await #expect(processExitsWith: .exitCode(7)) {
            signal(SIGINT, SIG_IGN)
            Console.standard.announcesInterrupts()
            Self.interrupt()
            exit(7)
        }
    }
}
