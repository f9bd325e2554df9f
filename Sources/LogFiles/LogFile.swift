/// A log of the programs; its token is the file's name without `.log`.
package enum LogFile: String, Sendable, Hashable, CaseIterable {
    /// What the collectors do.
    case collector
    /// Everything else: requests, the scheduler, warnings.
    case server

    /// The file that is being written.
    package func path(in folder: String) -> String { "\(folder)/\(rawValue).log" }

    /// A rotated file's name: by the instant of its rotation, so that names sort by age.
    ///
    /// - Parameter number: tells files of the same second apart.
    func rotatedName(at stamp: String, number: Int) -> String {
        "\(rawValue)-\(stamp)\(number == 0 ? "" : ".\(number)").log"
    }

    /// Whether a file of this name is a rotated one of this log.
    func isRotated(_ name: String) -> Bool {
        name.hasPrefix("\(rawValue)-2") && name.hasSuffix(".log")
    }

    /// The log of a logger: `collector` and `collector.…` have their own.
    package static func of(label: String) -> LogFile {
        label == "collector" || label.hasPrefix("collector.") ? .collector : .server
    }
}
