import Execution
import Logging

/// Writes the lines of a handler's logger into the task's log.
struct TaskLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info
    private let log: TaskLog

    init(log: TaskLog) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let level: TaskLog.Level =
            switch event.level {
            case .trace, .debug, .info, .notice: .info
            case .warning: .warning
            case .error, .critical: .error
            }
        log.write(level, event.message.description + facts)
    }
}
