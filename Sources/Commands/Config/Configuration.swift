import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import RunStore

/// Every setting, with its value and where that comes from.
struct Configuration {
    enum Origin: String {
        case option, environment, standard = "default"
    }

    struct Setting {
        let name: String
        /// Secrets are covered.
        let value: String
        let origin: Origin
        /// The option or the variable that says it, or could.
        let source: String
        var problem: String?
    }

    private(set) var settings: [Setting] = []
    private(set) var findings: [ConfigFinding] = []
    private let environment: CommandEnvironment

    static let variables = [
        "CRYPTOFLOW_DATABASE_URL", "CRYPTOFLOW_HOME", RetentionOptions.runsForVariable, RetentionOptions.runsVariable,
        RetentionOptions.logsForVariable,
    ]
    /// What our programs give their children, and prefixes of names that users choose.
    private static let others: Set<String> = ["CRYPTOFLOW_ATTEMPT", "CRYPTOFLOW_MODEL_DATABASE"]
    private static let prefixes = ["CRYPTOFLOW_CONN_", "CRYPTOFLOW_VAR_"]

    init(_ options: ConfigOptions, _ environment: CommandEnvironment) {
        self.environment = environment
        let target = options.database.target
        add("home", options.database.home, "--home", "CRYPTOFLOW_HOME", default: ".cryptoflow")
        addDatabase(options.database, target)
        add("dags", options.dags, "--dags", nil, default: environment.inspector?.folder("dags") ?? "nowhere")
        add(
            "migrations", options.migrations, "--migrations", nil,
            default: environment.inspector?.folder("migrations") ?? "nowhere")
        add("logs", options.logs, "--logs", nil, default: target.home + "/logs/tasks")
        add("port", options.port.map { String($0) }, "--port", nil, default: String(ConfigOptions.standardPort))
        addRetention(options.retention)
        addConnections()
        addUnknown()
    }

    private mutating func add(
        _ name: String, _ option: String?, _ flag: String, _ variable: String?, default standard: String,
        problem: (String) -> String? = { _ in nil }
    ) {
        let setting: Setting
        if let option {
            setting = Setting(name: name, value: option, origin: .option, source: flag, problem: problem(option))
        } else if let variable, let value = environment.variable(variable) {
            setting = Setting(
                name: name, value: value, origin: .environment, source: variable, problem: problem(value))
        } else {
            let source = [flag, variable].compactMap { $0 }.joined(separator: ", ")
            setting = Setting(name: name, value: standard, origin: .standard, source: source)
        }
        settings.append(setting)
    }

    private mutating func addDatabase(_ options: DatabaseOptions, _ target: DatabaseTarget) {
        let (flag, variable) = ("--database", "CRYPTOFLOW_DATABASE_URL")
        let masked = target.url.map(Self.masked)
        // An option --home means that home's own database, whatever the environment says.
        let isHidden = options.database == nil && target.url == nil && environment.variable(variable) != nil
        settings.append(
            Setting(
                name: "database", value: masked ?? "the private one of the home",
                origin: options.database != nil ? .option : target.url != nil ? .environment : .standard,
                source: options.database != nil ? flag : target.url != nil ? variable : "\(flag), \(variable)"))
        if isHidden {
            findings.append(
                ConfigFinding("database_url", .ok, "\(variable) is set, and --home means that home's own database"))
        }
    }

    private mutating func addRetention(_ options: RetentionOptions) {
        func problem(_ read: () throws -> Void) -> String? {
            do {
                try read()
                return nil
            } catch {
                return "\(error)"
            }
        }
        let standard = RetentionSettings()
        let text = { (age: Duration?) in age.map { $0.humanText(units: 2) } ?? "forever" }
        add(
            "keep_runs_for", options.keepRunsFor, "--keep-runs-for", RetentionOptions.runsForVariable,
            default: text(standard.runsFor)
        ) { value in problem { _ = try RetentionOptions.age(value, "keep_runs_for") } }
        add(
            "keep_runs", options.keepRuns, "--keep-runs", RetentionOptions.runsVariable,
            default: standard.runs.map { String($0) } ?? "all"
        ) { value in problem { _ = try RetentionOptions.count(value, "keep_runs") } }
        add(
            "keep_logs_for", options.keepLogsFor, "--keep-logs-for", RetentionOptions.logsForVariable,
            default: text(standard.logsFor)
        ) { value in problem { _ = try RetentionOptions.age(value, "keep_logs_for") } }
    }

    private mutating func addConnections() {
        let connections = Connections(environment: environment.variables)
        for id in connections.knownIDs {
            let name = ["CRYPTOFLOW_CONN_", "AIRFLOW_CONN_"].map { $0 + id.uppercased() }.first {
                environment.variable($0) != nil
            }
            var problem: String?
            var value = "unreadable"
            do {
                value = Self.masked(try connections.connection(id).url)
            } catch {
                problem = environment.secrets.masked("\(error)")
            }
            settings.append(
                Setting(
                    name: "connection \(id)", value: value, origin: .environment, source: name ?? "", problem: problem))
        }
        for name in environment.variables.keys.sorted() where VariableName.prefixes.contains(where: name.hasPrefix) {
            settings.append(
                Setting(
                    name: "variable \(name.drop { $0 != "_" }.dropFirst(5))", value: "set", origin: .environment,
                    source: name))
        }
    }

    private mutating func addUnknown() {
        for name in environment.variables.keys.sorted() where name.hasPrefix("CRYPTOFLOW_") {
            let isKnown =
                Self.variables.contains(name) || Self.others.contains(name)
                || Self.prefixes.contains(where: name.hasPrefix)
            if isKnown { continue }
            let nearest = NearestName.of(name, among: Self.variables)
            findings.append(
                ConfigFinding(
                    "environment", .warning, "nothing reads the variable \(name)",
                    advice: nearest.map { "did you mean \($0)?" }))
        }
    }

    /// A URL with the password covered.
    static func masked(_ url: String) -> String {
        var text = url
        if let scheme = text.firstRange(of: "://") {
            let rest = text[scheme.upperBound...]
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            if let at = rest[..<end].lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") {
                text.replaceSubrange(text.index(after: colon)..<at, with: "***")
            }
        }
        guard let query = text.firstIndex(of: "?") else { return text }
        let options = text[text.index(after: query)...].split(separator: "&").map { option in
            let name = option.prefix { $0 != "=" }
            return SecretName.matches(String(name)) ? "\(name)=***" : String(option)
        }
        return text[...query] + options.joined(separator: "&")
    }
}
