import CivilTime
package import Logging

/// A swift-log handler whose records go to a log file, and the grave ones to another handler too.
package struct LogFileHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level

    private let label: String
    private let writer: LogFileWriter
    private var console: (any LogHandler)?
    private let consoleLevel: Logger.Level

    /// - Parameters:
    ///   - level: what the file gets at least.
    ///   - console: another handler; nil for none.
    ///   - consoleLevel: what that one gets at least.
    package init(
        label: String, writer: LogFileWriter, level: Logger.Level = .info, console: (any LogHandler)? = nil,
        consoleLevel: Logger.Level = .critical
    ) {
        self.label = label
        self.writer = writer
        self.console = console
        self.consoleLevel = consoleLevel
        logLevel = level
        self.console?.logLevel = consoleLevel
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set {
            metadata[key] = newValue
            console?[metadataKey: key] = newValue
        }
    }

    package func log(event: LogEvent) {
        if event.level >= consoleLevel { console?.log(event: event) }
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error.message"] = "\(error)" }
        writer.append(
            LogRecord(
                time: .now(), level: event.level, label: label, message: event.message.description,
                metadata: all.mapValues(\.description)))
    }
}
