import Synchronization

/// Bounds the time of one rendering: every operation charges what it does, in steps.
///
/// A task-local value, so that operations deep inside values (comparing two lists) count without being handed a meter.
enum Meter {
    /// The most steps of one rendering.
    static let maximumSteps = 1_000_000

    private final class Count: Sendable {
        let used = Atomic<Int>(0)
    }

    @TaskLocal private static var count: Count?

    /// Runs a rendering with a meter of its own.
    static func measured<T>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
        try $count.withValue(Count()) { () -> Result<T, Failure> in
            do throws(Failure) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }.get()
    }

    static func charge(_ steps: Int) throws(Failure) {
        guard steps > 0, let count else { return }
        // At most one step too many, so that the sum has an end.
        let (_, used) = count.used.add(min(steps, maximumSteps + 1), ordering: .relaxed)
        guard used <= maximumSteps else {
            throw Failure(
                "the template takes more than \(maximumSteps) steps", hint: "do the work in a task instead")
        }
    }

    /// Charges the reading or writing of a text.
    static func charge(bytes: Int) throws(Failure) { try charge(bytes >> 6) }

    /// Charges what making a value of this size takes, its elements' own sizes aside.
    static func charge(for value: Value) throws(Failure) {
        switch value {
        case .string(let text), .markup(let text): try charge(bytes: text.utf8.count)
        case .list(let elements), .tuple(let elements): try charge(elements.count >> 2)
        case .map(let entries): try charge(entries.count >> 2)
        default: break
        }
    }
}
