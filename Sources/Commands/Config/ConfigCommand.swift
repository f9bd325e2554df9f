import ArgumentParser
import DAGModel
import Execution

/// `cryptoflow config …`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the settings, where they come from, and whether they work.",
        subcommands: [ConfigShow.self, ConfigCheck.self])
}

/// The settings of the programs, as any of them would be given them.
struct ConfigOptions: ParsableArguments {
    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("Folder of DAG documents.", valueName: "dir"))
    var dags: String?

    @Option(help: ArgumentHelp("Folder of migrations.", valueName: "dir"))
    var migrations: String?

    @Option(help: ArgumentHelp("Folder of task logs.", valueName: "dir"))
    var logs: String?

    @Option(help: ArgumentHelp("Port of the web page.", valueName: "port"))
    var port: Int?

    @OptionGroup var retention: RetentionOptions

    static let standardPort = ConfigRequest.standardPort

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port is between 0 and 65535, not \(port)")
        }
    }

    var request: ConfigRequest {
        ConfigRequest(
            database: database.target, dags: dags, migrations: migrations, logs: logs,
            port: port ?? Self.standardPort)
    }
}

/// `cryptoflow config show`.
struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print every setting with its value and where that comes from.",
        discussion: """
            Give it the options that you give a program. Passwords are shown as ***.

            Examples:
              cryptoflow config show
              cryptoflow config show --keep-runs-for 30d --output json
            """)

    @OptionGroup var config: ConfigOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let configuration = Configuration(config, CommandEnvironment.current)
        try options.write(.array(configuration.settings.map(\.json))) { configuration.table(isColourful: $0) }
    }
}

/// `cryptoflow config check`.
struct ConfigCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look whether the settings are right, and whether what they name is there.",
        discussion: """
            Every setting and where it comes from; what is wrong with it; whether folders are there and documents load, \
            whether the database answers and its tables are up to date, whether a scheduler leads; room on the disk; the \
            port. Nothing is changed.

            Examples:
              cryptoflow config check
              cryptoflow config check --home /srv/cryptoflow --port 9000 --output json

            Exit codes: 0 nothing is wrong (there may be warnings); 1 something is; 2 wrong command line.
            """)

    @OptionGroup var config: ConfigOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let configuration = Configuration(config, environment)
        var findings = configuration.settings.compactMap { setting in
            setting.problem.map { ConfigFinding(setting.name, .problem, $0, advice: "correct \(setting.source)") }
        }
        findings += configuration.findings
        if let inspector = environment.inspector { findings += await inspector.inspect(config.request) }
        let problems = findings.count { $0.state == .problem }
        try options.write(
            [
                "is_right": .bool(problems == 0), "settings": .array(configuration.settings.map(\.json)),
                "checks": .array(findings.map(\.json)),
            ]
        ) { isColourful in
            var table = TextTable(.init("CHECK"), .init("STATE"), .init("FOUND"))
            for finding in findings {
                let advice = finding.advice.map { " (\($0))" } ?? ""
                table.add(
                    .init(finding.name), .init(finding.state.rawValue, finding.state.tone),
                    .init(finding.detail + advice))
            }
            return configuration.table(isColourful: isColourful) + "\n\n" + table.text(isColourful: isColourful)
        }
        if problems > 0 {
            throw CommandFailure(problems == 1 ? "1 thing is wrong" : "\(problems) things are wrong")
        }
    }
}

extension Configuration {
    func table(isColourful: Bool) -> String {
        var table = TextTable(.init("SETTING"), .init("VALUE"), .init("FROM"), .init("BY"))
        for setting in settings {
            table.add(
                .init(setting.name), .init(setting.value, setting.problem == nil ? .plain : .bad),
                .init(setting.origin.rawValue, setting.origin == .standard ? .quiet : .plain),
                .init(setting.source, .quiet))
        }
        return table.text(isColourful: isColourful)
    }
}

extension Configuration.Setting {
    var json: JSONValue {
        [
            "name": .string(name), "value": .string(value), "origin": .string(origin.rawValue),
            "source": .string(source), "problem": problem.map { .string($0) } ?? .null,
        ]
    }
}

extension ConfigFinding {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "state": .string(state.rawValue), "detail": .string(detail),
            "advice": advice.map { .string($0) } ?? .null,
        ]
    }
}

extension ConfigFinding.State {
    fileprivate var tone: Tone {
        switch self {
        case .ok: .good
        case .warning: .warning
        case .problem: .bad
        }
    }
}
