/// Why the recorded data or an option cannot be used, as a sentence for the person who started the program.
package struct RecordingError: Error, CustomStringConvertible {
    /// What is wrong, where, and what to do about it.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
