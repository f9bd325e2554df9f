package import Logging

/// The two logs of the programs: what a collector says goes into one, everything else into the other.
package struct ProgramLogs: Sendable {
    private let writers: [LogFile: LogFileWriter]

    /// - Parameter folder: the home's folder of logs.
    package init(folder: String, retention: LogRetention = LogRetention()) {
        writers = Dictionary(
            uniqueKeysWithValues: LogFile.allCases.map {
                ($0, LogFileWriter(folder: folder, log: $0, retention: retention))
            })
    }

    /// A handler for `LoggingSystem.bootstrap`: the file of the label, and standard error from `consoleLevel` on.
    package func handler(
        label: String, level: Logger.Level = .info, consoleLevel: Logger.Level = .critical
    ) -> any LogHandler {
        guard let writer = writers[.of(label: label)] else { return StreamLogHandler.standardError(label: label) }
        return LogFileHandler(
            label: label, writer: writer, level: level, console: StreamLogHandler.standardError(label: label),
            consoleLevel: consoleLevel)
    }

    /// Writes what waits; it blocks for that long.
    package func flush() { for writer in writers.values { writer.flush() } }

    /// Writes what waits, at the end of a program.
    package func finish() async { for writer in writers.values { await writer.finish() } }

    /// How writing goes, by log.
    package var figures: [LogFile: LogFileWriter.Figures] { writers.mapValues(\.figures) }
}
