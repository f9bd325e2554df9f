/// Why a training or a forecast did not come about, as a sentence for people.
package struct ModelFailure: Error, CustomStringConvertible, Sendable, Hashable {
    /// What the task that asked should do about it; the exit code of `cryptoflow-model` says the same.
    package enum Kind: Sendable, Hashable {
        /// Nothing is wrong, there is just nothing to do yet: the task ends as skipped.
        case nothingToDo
        /// What was asked cannot be: another try would fail the same way.
        case invalid
        /// Another try may succeed.
        case failed
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
