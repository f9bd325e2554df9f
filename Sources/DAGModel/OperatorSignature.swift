/// What an operator accepts: enough to check a document without running it.
package struct OperatorSignature: Sendable, Hashable, Codable {
    /// The kinds of value a parameter takes once rendered.
    package enum Kind: String, Sendable, Codable {
        case string, integer, number, boolean, duration, list, object, any
        /// A string or a list of strings.
        case stringOrList = "string_or_list"
    }

    package struct Parameter: Sendable, Hashable, Codable {
        package let name: String
        package let kind: Kind
        package let isRequired: Bool
        package let summary: String
        /// The tokens allowed, when they are few.
        package let choices: [String]
        /// What a literal must be beyond its kind; nil for nothing.
        package let rule: ArgumentRule?

        package init(
            _ name: String, _ kind: Kind, required: Bool = false, choices: [String] = [], rule: ArgumentRule? = nil,
            _ summary: String
        ) {
            self.name = name
            self.kind = kind
            isRequired = required
            self.choices = choices
            self.rule = rule
            self.summary = summary
        }
    }

    /// Parameters that stand for one another.
    package struct Alternatives: Sendable, Hashable, Codable {
        package let names: [String]
        /// Whether one of them must be given.
        package let isRequired: Bool
        /// Whether two of them contradict each other.
        package let isExclusive: Bool
        /// The parameter beside which alone this holds; nil for always.
        package let beside: String?

        package init(_ names: [String], required: Bool = false, exclusive: Bool = false, beside: String? = nil) {
            self.names = names
            isRequired = required
            isExclusive = exclusive
            self.beside = beside
        }
    }

    /// Our short name, the canonical one: `bash`.
    package let name: String
    /// Every other name a document may use: Airflow's class paths and their older spellings.
    package let aliases: [String]
    package let summary: String
    package let parameters: [Parameter]
    package let alternatives: [Alternatives]
    /// Whether the operator runs a child process, which then counts against the processors.
    package let runsProcess: Bool

    package init(
        name: String, aliases: [String] = [], summary: String, runsProcess: Bool = false, parameters: [Parameter],
        alternatives: [Alternatives] = []
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.runsProcess = runsProcess
        self.parameters = parameters
        self.alternatives = alternatives
    }
}
