/// What went wrong in training or predicting, as a sentence for people.
package struct ModelError: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    package let description: String

    /// An error with a sentence that names the thing and the expectation.
    package init(_ description: String) { self.description = description }
}
