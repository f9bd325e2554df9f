package import ArgumentParser
package import CivilTime
package import DAGModel

/// How a result is written.
package enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, yaml
}

/// How the results of a command are written.
package struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("How to write the result.", valueName: "format"))
    package var output = OutputFormat.table

    @Option(
        help: ArgumentHelp("Time zone of the times shown, such as Asia/Seoul.", valueName: "zone"),
        transform: Zones.named)
    package var timezone: TimeZoneRules?

    package init() {}

    /// The times as this command writes them.
    var shapes: RecordShapes { RecordShapes(zone: timezone) }

    /// Writes a result: `value` as JSON or YAML, or the table.
    package func write(_ value: @autoclosure () -> JSONValue, table: (_ isColourful: Bool) throws -> String) throws {
        let console = CommandEnvironment.current.console
        switch output {
        case .json: try console.output(value().prettyText)
        case .yaml: try console.output(value().yamlText)
        case .table:
            let text = try table(console.isColourful)
            if !text.isEmpty { try console.output(text) }
        }
    }
}

/// Reads time zones of command lines.
enum Zones {
    static func named(_ name: String) throws -> TimeZoneRules {
        do {
            return try TimeZoneRules(named: name)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

/// Reads instants of command lines.
enum Instants {
    /// Throws `ValidationError` for text that is no ISO 8601 time.
    ///
    /// Without an offset the time is UTC.
    static func parse(_ text: String) throws -> Timestamp {
        guard let instant = Timestamp(iso8601: text) else { throw problem(text) }
        return instant
    }

    static func problem(_ text: String) -> ValidationError {
        ValidationError(
            "\"\(text)\" is not a time; write 2026-11-20, 2026-11-20T12:00:00Z or 2026-11-20T21:00:00+09:00")
    }
}

/// Reads durations of command lines.
enum Durations {
    static func parse(_ text: String) throws -> Duration {
        do {
            return try Duration(parsing: text)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

/// Reads the `conf` of a run from a command line.
enum Conf {
    static func parse(_ text: String) throws -> JSONValue {
        let value: JSONValue
        do { value = try JSONValue(parsing: text) } catch {
            var reason = ""
            if case DecodingError.dataCorrupted(let context) = error { reason = ": \(context.debugDescription)" }
            throw ValidationError("this is not JSON\(reason); write an object such as '{\"market\": \"KRW-BTC\"}'")
        }
        guard value.objectValue != nil else {
            throw ValidationError(
                "this is \(value.kindDescription); write a JSON object such as '{\"market\": \"KRW-BTC\"}'")
        }
        return value
    }
}
