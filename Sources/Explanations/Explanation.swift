package import CivilTime

/// Why something has not happened: every condition it depends on, in the order they are decided.
package struct Explanation: Hashable, Sendable {
    /// What is explained, such as `run r1 of DAG report`.
    package let subject: String
    package let conditions: [Condition]
    /// What it comes to when nothing blocks.
    package let settled: String

    /// The first condition that blocks; nil when none does.
    package var blocking: Condition? { conditions.first { $0.state == .blocks } }

    /// The answer in one sentence.
    package var answer: String {
        guard let blocking else { return settled }
        return blocking.detail
    }

    package init(subject: String, conditions: [Condition], settled: String) {
        self.subject = subject
        self.conditions = conditions
        self.settled = settled
    }

    /// One thing that must hold.
    package struct Condition: Hashable, Sendable {
        package enum State: String, Sendable {
            case holds, blocks
        }

        /// A short name that stays: `not_paused`.
        package let name: String
        package let state: State
        /// What was found, as a sentence.
        package let detail: String
        /// Since when it blocks; nil where the history does not say.
        package let since: Timestamp?
        /// Until when it blocks; nil when that depends on something else than time.
        package let until: Timestamp?
        /// What a person can do about it.
        package let advice: String?

        package init(
            _ name: String, holds: Bool, _ detail: String, since: Timestamp? = nil, until: Timestamp? = nil,
            advice: String? = nil
        ) {
            self.name = name
            state = holds ? .holds : .blocks
            self.detail = detail
            self.since = holds ? nil : since
            self.until = holds ? nil : until
            self.advice = holds ? nil : advice
        }
    }
}
