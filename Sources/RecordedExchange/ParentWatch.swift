import Glibc
import ServiceLifecycle

/// Ends with the process that started this one.
///
/// The kernel's parent-death signal would do without polling, but it is sent when the *thread* that started the child ends,
/// and the threads of a Swift program's pools come and go.
package struct ParentWatch: Service {
    private let parent: pid_t

    /// Watches the present parent.
    package init() {
        parent = getppid()
    }

    /// Returns when the parent is gone, or on graceful shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, getppid() == parent {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
