import CivilTime
import LogFiles
import Logging

/// `/logs`: the programs' logs, searched by date, level, exchange and text.
struct LogsPage {
    let search: LogSearch?

    private static let perPage = 100
    private static let longestMessage = 2_000

    func page(_ request: PageRequest) async -> SitePage {
        guard let search else {
            return .view("Logs", section: "logs", "logs", ["note": "This program keeps no logs in files."])
        }
        let asked = request.query
        let text = { (name: String) in asked[name].flatMap { $0.isEmpty ? nil : $0 } }
        let file = LogFile(rawValue: asked["file"] ?? "") ?? .server
        let level = text("level").flatMap { Logger.Level(token: $0) }
        var content: [String: Any] = [
            "hasSearch": true, "exchange": text("exchange") ?? "", "from": text("from") ?? "", "to": text("to") ?? "",
            "q": text("q") ?? "",
            "files": LogFile.allCases.map { ["token": $0.rawValue, "chosen": $0 == file] as [String: Any] },
            "levels": Self.levels(level),
        ]
        var query = LogQuery(
            file: file, level: level, exchange: text("exchange"), text: text("q"), limit: Self.perPage,
            before: text("before").flatMap { LogCursor($0) })
        var problems: [String] = []
        for (name, path) in [("from", \LogQuery.since), ("to", \LogQuery.until)] {
            guard let given = text(name) else { continue }
            query[keyPath: path] = Timestamp(iso8601: given)
            if query[keyPath: path] == nil {
                problems.append("“\(given.prefix(40))” is not a time; write 2026-11-20 or 2026-11-20T12:00.")
            }
        }
        if !problems.isEmpty {
            content["problem"] = problems.joined(separator: " ")
            return .view("Logs", section: "logs", "logs", content)
        }
        let page = await search.page(query)
        content["any"] = !page.records.isEmpty
        content["records"] = page.records.map(Self.row)
        if page.records.isEmpty {
            content["none"] =
                page.isCutShort
                ? "Nothing found so far." : "Nothing \(asked.isEmpty ? "is in this log yet" : "matches")."
        }
        add(page, to: &content, asked)
        return .view("Logs", section: "logs", "logs", content)
    }

    private func add(_ page: LogPage, to content: inout [String: Any], _ asked: [String: String]) {
        let link = { (before: String?) -> String in
            var parts = ["file", "level", "exchange", "from", "to", "q"].compactMap { name in
                asked[name].flatMap { $0.isEmpty ? nil : "\(name)=\(PageLink.encoded($0))" }
            }
            if let before { parts.append("before=\(before)") }
            return "/logs" + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
        }
        guard page.next != nil || asked["before"] != nil else { return }
        content["more"] =
            page.isCutShort
            ? "The search has read as much as one page may; go on with Older."
            : page.next == nil ? "The end of the log." : "\(page.records.count) records."
        if asked["before"] != nil { content["newest"] = link(nil) }
        if let next = page.next { content["older"] = link(next.description) }
    }

    private static func levels(_ chosen: Logger.Level?) -> [[String: Any]] {
        let choices: [(String, String)] =
            [("", "all")]
            + [Logger.Level.debug, .info, .notice, .warning, .error, .critical].map {
                ($0.rawValue, $0 == .critical ? $0.rawValue : "\($0.rawValue) and above")
            }
        return choices.map { ["token": $0.0, "words": $0.1, "chosen": $0.0 == (chosen?.rawValue ?? "")] }
    }

    private static func row(_ record: LogRecord) -> [String: Any] {
        let fields = record.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "  ")
        return [
            "iso": record.time.iso8601, "time": time(record.time), "level": record.level.rawValue,
            "label": record.label, "message": cut(LogText.plain(record.message)), "fields": cut(LogText.plain(fields)),
        ]
    }

    private static func cut(_ text: String) -> String {
        text.count > longestMessage ? text.prefix(longestMessage) + " …" : text
    }

    /// With milliseconds, which tell neighbours apart.
    private static func time(_ time: Timestamp) -> String {
        let thousandths = String(time.microsecondOfSecond / 1_000)
        return TimeWords.absolute(time) + "." + String(repeating: "0", count: 3 - thousandths.count) + thousandths
    }
}
