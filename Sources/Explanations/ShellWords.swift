import DAGModel

extension String {
    /// In single quotes for a shell, which then takes nothing in it for something else.
    var shellQuoted: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// The text itself where it is one plain word for a shell, else in quotes.
    var shellWord: String {
        let isPlain = unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains($0)
        }
        return isPlain && !isEmpty ? self : shellQuoted
    }
}

extension Explanation {
    /// The command that tells more of a task.
    ///
    /// - Parameter task: its id, with the index of a mapped one.
    static func why(_ dag: DAGID, _ runID: String, _ task: String) -> String {
        "cryptoflow why \(dag) \(runID.shellQuoted) \(task.shellWord)"
    }
}
