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

        package init(_ name: String, _ kind: Kind, required: Bool = false, choices: [String] = [], _ summary: String) {
            self.name = name
            self.kind = kind
            isRequired = required
            self.choices = choices
            self.summary = summary
        }
    }

    /// Our short name, the canonical one: `bash`.
    package let name: String
    /// Every other name a document may use: Airflow's class paths and their older spellings.
    package let aliases: [String]
    package let summary: String
    package let parameters: [Parameter]
    /// Whether the operator runs a child process, which then counts against the processors.
    package let runsProcess: Bool

    package init(
        name: String, aliases: [String] = [], summary: String, runsProcess: Bool = false, parameters: [Parameter]
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.runsProcess = runsProcess
        self.parameters = parameters
    }
}
