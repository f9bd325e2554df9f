import ArgumentParser

/// Names of queues on a command line.
package enum QueueNames {
    /// The names in order, each once.
    ///
    /// Throws `ValidationError` when there is none.
    package static func parse(_ text: String) throws -> [String] {
        var names: [String] = []
        for part in text.split(separator: ",") {
            let name = part.drop(while: \.isWhitespace)
            let trimmed = String(name.reversed().drop(while: \.isWhitespace).reversed())
            if !trimmed.isEmpty, !names.contains(trimmed) { names.append(trimmed) }
        }
        guard !names.isEmpty else { throw ValidationError("--queues names no queue; write default,reports") }
        return names
    }
}
