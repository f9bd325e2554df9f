import CivilTime
import Execution
import Hosting
import PrivateCluster
import RecordedExchange
import WebServer

extension StandaloneService {
    /// The web page, and the banner once it answers.
    ///
    /// - Parameter live: the real-time path of this process; nil when there is none.
    func webService(_ opened: Opened, _ live: LivePath?) throws -> WebServerService {
        var configuration = WebServerConfiguration(port: options.port, version: Programs.version)
        var pages = ProgramPages(
            history: opened.backend.store, warehouse: opened.backend.warehousePool, home: opened.home, live: live,
            secrets: SecretMask(environment: opened.environment, warehouseURL: opened.backend.warehouseURL))
        if let clock = opened.recording?.clock {
            configuration.notice = Self.notice(clock, standsAt: opened.state[opened.feed].recordedNow, live != nil)
            configuration.recordingHasEnded = { clock.isPastEnd }
            pages.present = { clock.now() }
        }
        let terminal = terminal
        let notice = configuration.notice
        return try pages.service(configuration) { port in
            terminal.line("")
            terminal.line("  CryptoFlow is at  http://127.0.0.1:\(port)/", tone: .good)
            terminal.line("  home              \(opened.home.path)")
            if let notice { terminal.line("  \(notice)") }
            terminal.line("  stop with Ctrl-C")
            terminal.line("")
        }
    }

    private static func notice(_ clock: RecordedClock, standsAt: Timestamp?, _ isLive: Bool) -> String {
        let span = clock.span
        let shift = clock.shiftWeeks == 0 ? "" : ", shifted by \(clock.shiftWeeks) weeks"
        let stands = standsAt.map { "; its clock stands at \($0.iso8601)" } ?? ""
        return "recorded data: Upbit's candles of \(span.start.iso8601.prefix(10)) to \(span.end.iso8601.prefix(10))"
            + shift + stands + (isLive ? "; trades and order books in between are made" : "")
    }
}
