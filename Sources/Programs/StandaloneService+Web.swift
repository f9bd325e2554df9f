import CivilTime
import Execution
import LogFiles
import Logging
import ModelRegistry
import PrivateCluster
import RecordedExchange
import ServiceLifecycle
import Warehouse
import WebServer

extension StandaloneService {
    /// The web page, and the banner once it answers.
    ///
    /// - Parameter live: the real-time path of this process; nil when there is none.
    func webService(_ opened: Opened, _ live: LivePath?) throws -> WebServerService {
        var configuration = WebServerConfiguration(port: options.port, version: Programs.version)
        var present: @Sendable () -> Timestamp = { .now() }
        if let recording = opened.recording {
            let clock = recording.clock
            let span = clock.span
            let shift = clock.shiftWeeks == 0 ? "" : ", shifted by \(clock.shiftWeeks) weeks"
            let stands = opened.state[opened.feed].recordedNow.map { "; its clock stands at \($0.iso8601)" } ?? ""
            configuration.notice =
                "recorded data: Upbit's candles of \(span.start.iso8601.prefix(10)) to \(span.end.iso8601.prefix(10))"
                + shift + stands + (live == nil ? "" : "; trades and order books in between are made")
            configuration.recordingHasEnded = { clock.isPastEnd }
            present = { clock.now() }
        }
        let pages = WarehousePages(
            queries: MarketQueries(session: opened.backend.warehousePool), present: present)
        let models = RegistryPages(
            queries: ModelQueries(session: opened.backend.warehousePool),
            predictions: PredictionQueries(session: opened.backend.warehousePool))
        let terminal = terminal
        let notice = configuration.notice
        return try WebServerService(
            history: opened.backend.store, markets: pages, models: models,
            logs: TaskLogDirectory(
                root: opened.home.taskLogs,
                mask: SecretMask(environment: opened.environment, warehouseURL: opened.backend.warehouseURL)),
            live: live,
            programLogs: LogSearch(folder: opened.home.logs), configuration: configuration, logger: Logger(label: "web")
        ) { port in
            terminal.line("")
            terminal.line("  CryptoFlow is at  http://127.0.0.1:\(port)/", tone: .good)
            terminal.line("  home              \(opened.home.path)")
            if let notice { terminal.line("  \(notice)") }
            terminal.line("  stop with Ctrl-C")
            terminal.line("")
        }
    }
}
