import DAGModel

/// The values of documents as JSON Schema, by the rules of the readers.
enum SchemaShapes {
    /// The largest whole number that is read.
    static let largest = JSONValue.int(Int64(Int32.max))

    static let text: JSONValue = ["type": ["string", "null"]]
    static let name: JSONValue = ["type": "string", "minLength": 1]
    static let flag: JSONValue = ["type": ["boolean", "null"]]
    static let count = integer(atLeast: 1)
    static let names = list(of: name)

    static func integer(atLeast minimum: Int64) -> JSONValue {
        ["type": ["integer", "null"], "minimum": .int(minimum), "maximum": largest]
    }

    static func list(of element: JSONValue, atLeast count: Int64 = 0) -> JSONValue {
        ["type": "array", "items": element, "minItems": .int(count)]
    }

    static func token(_ tokens: some Sequence<String>) -> JSONValue {
        ["enum": .array(tokens.map { .string($0) } + [.null])]
    }

    static func reference(_ definition: String) -> JSONValue { ["$ref": .string("#/$defs/\(definition)")] }

    static func either(_ shapes: JSONValue...) -> JSONValue { ["anyOf": .array(shapes)] }

    static func optional(_ shape: JSONValue) -> JSONValue { either(shape, ["type": "null"]) }

    /// Keys that a mapping may have.
    static func keys(_ names: some Sequence<String>) -> JSONValue {
        ["enum": .array(names.sorted().map { .string($0) })]
    }

    /// ASCII without what a key may not have; beyond ASCII the reader knows which are letters.
    private static let word = "[^\\u0000-\\u002c\\u002f\\u003a-\\u0040\\u005b-\\u005e\\u0060\\u007b-\\u00a0]"
    private static let wordWithoutDot =
        "[^\\u0000-\\u002c\\u002e\\u002f\\u003a-\\u0040\\u005b-\\u005e\\u0060\\u007b-\\u00a0]"

    /// A `dag_id` or a task's id.
    static let key: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": 250, "pattern": .string("^\(word)+$"),
    ]
    static let group: JSONValue = [
        "type": ["string", "null"], "maxLength": 200,
        "pattern": .string("^\(wordWithoutDot)+(\\.\(wordWithoutDot)+)*$"),
    ]

    // MARK: - Time

    private static let number = "([0-9]+\\.?[0-9]*|\\.[0-9]+)"
    private static let units = [
        "[wW]([eE][eE][kK][sS]?)?", "[dD]([aA][yY][sS]?)?", "[hH]([rR][sS]?|[oO][uU][rR][sS]?)?",
        "[mM]([iI][nN]([sS]|[uU][tT][eE][sS]?)?)?", "[sS]([eE][cC]([sS]|[oO][nN][dD][sS]?)?)?", "[mM][sS]", "[uU][sS]",
    ]

    /// Every form of a duration, larger units first.
    private static let durationForms: String = {
        let worded = units.map { "(\(number) *\($0) *)?" }.joined()
        let inDay = ["[hH]", "[mM]", "[sS]"].map { "(\(number)\($0))?" }.joined()
        let iso = "[pP](\(number)[wW])?(\(number)[dD])?([tT](?=[0-9.])\(inDay))?"
        return "(\(iso)|[0-9]+\\.?:[0-5]?[0-9]\\.?:[0-5]?[0-9](\\.[0-9]*)?|\(number)|\(worded))"
    }()

    /// - Parameter sign: what may stand before the number.
    private static func durationText(_ sign: String, aboveZero: Bool) -> JSONValue {
        // Every form has a digit.
        let digits = aboveZero ? "(?=.*[1-9])" : "(?=.*[0-9])"
        return ["type": "string", "pattern": .string("^\(digits) *\(sign)\(durationForms) *$")]
    }

    private static let durationHelp: JSONValue = "Such as 30s, 1h30m, PT5M, 01:30:00, or a number of seconds."

    static let duration: JSONValue = [
        "description": durationHelp,
        "anyOf": [
            durationText("\\+?", aboveZero: false),
            ["type": "number", "minimum": 0, "exclusiveMaximum": 1_099_511_627_776], ["type": "null"],
        ],
    ]
    static let durationAboveZero: JSONValue = [
        "description": durationHelp,
        "anyOf": [
            durationText("\\+?", aboveZero: true),
            ["type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1_099_511_627_776], ["type": "null"],
        ],
    ]
    /// With a sign, and never null.
    static let signedDuration: JSONValue = either(durationText("[+-]?", aboveZero: false), ["type": "number"])

    private static let dateForm =
        "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt ]([01][0-9]|2[0-4]):[0-5][0-9].*)?"

    /// A date, or a date and time; never null.
    static let writtenDate: JSONValue = ["type": "string", "pattern": .string("^\\s*\(dateForm)\\s*$")]
    static let date = optional(writtenDate)

    /// A word in any case.
    static func anyCase(_ word: String) -> String {
        word.map { $0.isLetter ? "[\($0.lowercased())\($0.uppercased())]" : String($0) }.joined()
    }

    // MARK: - Rules of arguments

    /// What a rule adds to the kind of an argument.
    static func rule(_ rule: ArgumentRule) -> JSONValue? {
        switch rule {
        case .notBlank: ["pattern": "\\S", "minItems": 1]
        case .exitStatuses: either(status, list(of: status))
        case .utf8: ["pattern": .string("^\(anyCase("utf"))-?8$")]
        case .timeOfDay: ["pattern": "^0*([0-9]|1[0-9]|2[0-3]):0*[0-5]?[0-9](:0*[0-5]?[0-9])?$"]
        case .dateTime: ["pattern": .string("^\(dateForm)$")]
        case .absolutePath: ["pattern": "^/"]
        case .httpMethod: ["pattern": .string("^(\(ArgumentRule.httpMethods.map(anyCase).joined(separator: "|")))$")]
        case .tasksBelow: nil
        }
    }

    private static let status = either(
        ["type": "integer", "minimum": 0, "maximum": 255], ["type": "string", "pattern": "^\\+?0*[0-9]{1,3}$"])
}
