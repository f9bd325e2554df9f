import DAGDocument
import DAGModel

extension DocumentSchema {
    /// Null, a cron expression or preset, or a timetable with the arguments of its class.
    static let schedule: JSONValue = {
        let presets = [
            "once", "continuous", "hourly", "daily", "midnight", "weekly", "monthly", "quarterly", "yearly", "annually",
        ]
        let forms = presets.map { "@" + SchemaShapes.anyCase($0) } + ["[A-Za-z0-9*?,/#-]+(\\s+[A-Za-z0-9*?,/#-]+){4,5}"]
        let names = TimetableClass.allCases.flatMap(\.names).map { JSONValue.string($0) }
        return [
            "description": "Null, a cron expression, a preset such as @daily, or a timetable.",
            "anyOf": [
                ["type": "null"],
                ["type": "string", "pattern": .string("^\\s*(\(forms.joined(separator: "|")))\\s*$")],
                [
                    "type": "object", "required": ["uses"], "additionalProperties": false,
                    "properties": ["uses": ["enum": .array(names)], "with": ["type": "object"]],
                    "allOf": .array(TimetableClass.allCases.map(check)),
                ],
            ],
        ]
    }()

    private static func check(of kind: TimetableClass) -> JSONValue {
        let properties = kind.arguments.map { ($0, timetableArguments[$0] ?? true) }
        var with: [String: JSONValue] = [
            "additionalProperties": false, "required": .array(kind.required.map { .string($0) }),
            "properties": .object(Dictionary(properties, uniquingKeysWith: { first, _ in first })),
        ]
        var needed: JSONValue = kind.required.isEmpty ? [] : ["with"]
        if kind == .assets {
            needed = ["with"]
            with["oneOf"] = [["required": ["all"]], ["required": ["any"]]]
        }
        return [
            "if": ["required": ["uses"], "properties": ["uses": ["enum": .array(kind.names.map { .string($0) })]]],
            "then": ["required": needed, "properties": ["with": .object(with)]],
        ]
    }

    /// By name: the same in every class.
    private static let timetableArguments: [String: JSONValue] = {
        let assets = SchemaShapes.list(of: SchemaShapes.reference("assets"), atLeast: 1)
        return [
            // Of AssetTriggered it may be null.
            "cron": ["type": ["string", "null"], "minLength": 1],
            "crons": SchemaShapes.list(of: SchemaShapes.name, atLeast: 1),
            "timezone": ["type": ["string", "null"], "minLength": 1],
            "interval": SchemaShapes.reference("duration"),
            "run_immediately": SchemaShapes.either(SchemaShapes.flag, SchemaShapes.reference("durationAboveZero")),
            "delta": ["allOf": [SchemaShapes.reference("durationAboveZero"), ["type": ["string", "number"]]]],
            "event_dates": SchemaShapes.list(of: SchemaShapes.writtenDate),
            "restrict_to_events": SchemaShapes.flag, "presorted": SchemaShapes.flag, "description": SchemaShapes.text,
            "all": assets, "any": assets,
        ]
    }()

    /// An asset's name, or all or any of several.
    static let assets: JSONValue = {
        let nested = SchemaShapes.list(of: SchemaShapes.reference("assets"), atLeast: 1)
        return SchemaShapes.either(
            SchemaShapes.name,
            [
                "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
                "properties": ["all": nested, "any": nested, "name": SchemaShapes.name, "uri": SchemaShapes.name],
            ])
    }()
}
