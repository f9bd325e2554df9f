import DAGDocument
import DAGModel
import Timetables

/// The JSON Schema (draft 2020-12) of a document, for editors: `dag validate` checks more than a schema can say.
///
/// Everything that validates passes it. The names come from the reader's own tables.
struct DocumentSchema {
    let operators: [OperatorSignature]

    var json: JSONValue {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "CryptoFlow DAG document", "type": "object", "required": ["$schema", "dag_id"],
            "propertyNames": SchemaShapes.keys(Array(KnownAttributes.dag) + KnownAttributes.inertDAG.keys),
            "properties": .object(Self.properties),
            // default_args may say what a task leaves out.
            "if": ["required": ["default_args"]], "then": true,
            "else": ["properties": ["tasks": ["items": SchemaShapes.reference("wholeTask")]]],
            "$defs": .object(definitions),
        ]
    }

    private static let properties: [String: JSONValue] = [
        "$schema": [
            "description": "The format.",
            "enum": [.string(KnownAttributes.schemaURL), .string(KnownAttributes.schemaDate)],
        ],
        "dag_id": SchemaShapes.key, "schedule": SchemaShapes.reference("schedule"),
        "tasks": ["type": "array", "items": SchemaShapes.reference("task")],
        "start_date": SchemaShapes.date, "end_date": SchemaShapes.date,
        "timezone": [
            "type": ["string", "null"], "minLength": 1,
            "description": "The zone of cron strings and of dates without offset.",
        ],
        "catchup": SchemaShapes.flag,
        "catchup_window": described("Instants older than this are not caught up.", "durationAboveZero"),
        "dst": [
            "description": "What a change of the clocks does.",
            "anyOf": [
                SchemaShapes.token(["airflow", "debian"]),
                [
                    "type": "object", "additionalProperties": false,
                    "properties": [
                        "gap": SchemaShapes.token(DSTPolicy.Gap.allCases.map(\.rawValue)),
                        "overlap": SchemaShapes.token(DSTPolicy.Overlap.allCases.map(\.rawValue)),
                    ],
                ],
            ],
        ],
        "max_active_runs": SchemaShapes.count, "max_active_tasks": SchemaShapes.count,
        "max_consecutive_failed_dag_runs": SchemaShapes.integer(atLeast: 0),
        "dagrun_timeout": SchemaShapes.reference("durationAboveZero"), "fail_fast": SchemaShapes.flag,
        "is_paused_upon_creation": SchemaShapes.flag, "params": SchemaShapes.reference("params"),
        "templates": ["type": "object", "additionalProperties": SchemaShapes.reference("template")],
        "default_args": SchemaShapes.reference("defaults"), "description": SchemaShapes.text,
        "doc_md": SchemaShapes.text, "dag_display_name": SchemaShapes.text,
        "tags": ["type": ["array", "null"], "items": ["type": "string", "minLength": 1, "maxLength": 100]],
        "owner_links": [
            "type": ["object", "null"],
            "additionalProperties": [
                "type": "string",
                "pattern": .string(
                    "^(\(SchemaShapes.anyCase("https"))?://|\(SchemaShapes.anyCase("http"))://|"
                        + "\(SchemaShapes.anyCase("mailto")):)"),
            ],
        ],
        "allowed_run_types": SchemaShapes.either(
            SchemaShapes.token(RunType.allCases.map(\.rawValue)),
            SchemaShapes.list(of: SchemaShapes.token(RunType.allCases.map(\.rawValue)), atLeast: 1)),
        "on_success_callback": SchemaShapes.reference("callbacks"),
        "on_failure_callback": SchemaShapes.reference("callbacks"),
        "deadline": [
            "description": "When a run should have ended, and whom to tell if it has not: one, or a list.",
            "anyOf": [
                ["type": "null"], SchemaShapes.reference("deadline"),
                ["type": "array", "items": SchemaShapes.reference("deadline")],
            ],
        ],
    ]

    private static func described(_ text: String, _ definition: String) -> JSONValue {
        ["description": .string(text), "$ref": .string("#/$defs/\(definition)")]
    }

    private var definitions: [String: JSONValue] {
        var result: [String: JSONValue] = [
            "duration": SchemaShapes.duration, "durationAboveZero": SchemaShapes.durationAboveZero,
            "marker": Self.marker, "schedule": Self.schedule, "assets": Self.assets, "params": Self.params,
            "deadline": Self.deadline, "callbacks": Self.callbacks,
        ]
        for signature in OperatorSignature.notifiers { result["notifier.\(signature.name)"] = arguments(of: signature) }
        result.merge(taskDefinitions) { first, _ in first }
        return result
    }

    /// A parameter is any value; what looks like a `Param` has a schema that means something, and a default of its type.
    private static let params: JSONValue = {
        let either: JSONValue = ["anyOf": [["required": ["default"]], ["required": ["type"]]]]
        let number: JSONValue = ["type": "number"]
        let count: JSONValue = ["type": "integer", "minimum": 0]
        let defaults = JSONSchema.types.sorted().map { type -> JSONValue in
            let fitting: JSONValue = type == "null" ? "null" : [.string(type), "null"]
            return [
                "if": ["required": ["type", "default"], "properties": ["type": ["const": .string(type)]]],
                "then": ["properties": ["default": ["type": fitting]]],
            ]
        }
        let schema: JSONValue = [
            "type": SchemaShapes.either(jsonType, SchemaShapes.list(of: jsonType, atLeast: 1)),
            "minimum": number, "maximum": number, "exclusiveMinimum": number, "exclusiveMaximum": number,
            "multipleOf": ["type": "number", "exclusiveMinimum": 0], "minLength": count, "maxLength": count,
            "minItems": count, "maxItems": count, "pattern": ["type": "string", "format": "regex"],
            "enum": ["type": "array", "minItems": 1],
        ]
        return [
            "type": ["object", "null"],
            "additionalProperties": [
                "if": [
                    "allOf": [["type": "object", "propertyNames": SchemaShapes.keys(DeclaredParameter.keys)], either]
                ],
                "then": ["properties": schema, "allOf": .array(defaults)],
            ],
        ]
    }()

    private static let jsonType: JSONValue = ["enum": .array(JSONSchema.types.sorted().map { .string($0) })]

    /// A value from elsewhere.
    private static let marker: JSONValue = {
        let output = SchemaShapes.either(
            SchemaShapes.name,
            [
                "type": "object", "required": ["task"], "additionalProperties": false,
                "properties": ["task": SchemaShapes.name, "key": ["type": ["string", "null"], "minLength": 1]],
            ])
        return [
            "description":
                "A value from elsewhere: $t a template, $x an upstream output, $f a file, $const as it stands.",
            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
            "properties": [
                "$t": ["type": "string"], "$template": ["type": "string"], "$x": output, "$xcom": output,
                "$f": SchemaShapes.name, "$const": true,
            ],
        ]
    }()

    /// One notifier reference or a list of them.
    private static let callbacks: JSONValue = {
        let signatures = OperatorSignature.notifiers
        let names = signatures.flatMap { [$0.name] + $0.aliases }.map { JSONValue.string($0) }
        let checks = signatures.map { signature -> JSONValue in
            let names = ([signature.name] + signature.aliases).map { JSONValue.string($0) }
            let needed = signature.parameters.filter(\.isRequired).map { JSONValue.string($0.name) }
            return [
                "if": ["properties": ["uses": ["enum": .array(names)]]],
                "then": [
                    "required": needed.isEmpty ? [] : ["with"],
                    "properties": [
                        "with": [
                            "anyOf": needed.isEmpty
                                ? [["type": "null"], SchemaShapes.reference("notifier.\(signature.name)")]
                                : [SchemaShapes.reference("notifier.\(signature.name)")],
                            "required": .array(needed),
                        ]
                    ],
                ],
            ]
        }
        let one: JSONValue = [
            "type": "object", "required": ["uses"], "additionalProperties": false,
            "properties": ["uses": ["enum": .array(names)], "with": ["type": ["object", "null"]]],
            "allOf": .array(checks),
        ]
        return ["anyOf": [["type": "null"], one, ["type": "array", "items": one]]]
    }()

    private static let deadline: JSONValue = {
        let count: JSONValue = [
            "type": ["integer", "null"], "minimum": 1, "maximum": .int(Int64(AverageRuntime.horizon)),
        ]
        let average: JSONValue = [
            "description": "The average of the last max_runs (10) successful runs; none with fewer than min_runs.",
            "type": ["object", "null"], "additionalProperties": false,
            "properties": ["max_runs": count, "min_runs": count],
        ]
        let tokens = ["dagrun_queued_at", "dagrun_logical_date", "average_runtime"].map(SchemaShapes.anyCase)
        let token: JSONValue = ["type": "string", "pattern": .string("^(\(tokens.joined(separator: "|")))$")]
        let date = SchemaShapes.writtenDate
        return [
            "type": "object", "required": ["reference", "interval", "callback"], "additionalProperties": false,
            "properties": [
                "reference": [
                    "description": "dagrun_queued_at, dagrun_logical_date, average_runtime, or a date and time.",
                    "anyOf": [
                        token, date,
                        [
                            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
                            // Airflow's names are in capitals, and editors complete none from a pattern.
                            "properties": [
                                "fixed_datetime": date, "FIXED_DATETIME": date, "average_runtime": average,
                                "AVERAGE_RUNTIME": average,
                            ],
                            "patternProperties": [
                                "^\(SchemaShapes.anyCase("fixed_datetime"))$": date,
                                "^\(SchemaShapes.anyCase("average_runtime"))$": average,
                            ],
                        ],
                    ],
                ],
                "interval": [
                    "description": "From the reference to the deadline; -30m lies before it.",
                    "anyOf": [SchemaShapes.signedDuration],
                ],
                "callback": SchemaShapes.reference("callbacks"),
            ],
        ]
    }()
}
