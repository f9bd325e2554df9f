import DAGModel

/// The JSON Schema (draft 2020-12) of a document, for editors: `dag validate` checks more than a schema can say.
struct DocumentSchema {
    let operators: [OperatorSignature]

    var json: JSONValue {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "CryptoFlow DAG document", "type": "object", "required": ["$schema", "dag_id", "tasks"],
            "properties": .object(properties),
            "$defs": .object(definitions),
        ]
    }

    private var properties: [String: JSONValue] {
        [
            "$schema": ["type": "string", "description": "The format: airflow.apache.org's dag/2026-10-30."],
            "dag_id": ["type": "string", "minLength": 1, "maxLength": 250],
            "schedule": [
                "description": "Null, a cron expression, a preset such as @daily, or a timetable.",
                "anyOf": [
                    ["type": "null"], ["type": "string"],
                    [
                        "type": "object", "required": ["uses"],
                        "properties": ["uses": ["type": "string"], "with": ["type": "object"]],
                    ],
                ],
            ],
            "tasks": ["type": "array", "items": ["$ref": "#/$defs/task"]],
            "start_date": ["type": ["string", "null"]], "end_date": ["type": ["string", "null"]],
            "timezone": ["type": "string", "description": "The zone of cron strings and of dates without offset."],
            "catchup": ["type": "boolean"],
            "catchup_window": Self.described("Instants older than this are not caught up.", "#/$defs/duration"),
            "dst": [
                "description": "What a change of the clocks does.",
                "anyOf": [
                    ["enum": ["airflow", "debian"]],
                    [
                        "type": "object", "additionalProperties": false,
                        "properties": [
                            "gap": ["enum": ["run_after", "shift", "skip"]],
                            "overlap": ["enum": ["first", "last", "both"]],
                        ],
                    ],
                ],
            ],
            "max_active_runs": ["type": "integer", "minimum": 0],
            "max_active_tasks": ["type": "integer", "minimum": 0],
            "max_consecutive_failed_dag_runs": ["type": "integer", "minimum": 0],
            "dagrun_timeout": ["$ref": "#/$defs/duration"], "fail_fast": ["type": "boolean"],
            "is_paused_upon_creation": ["type": ["boolean", "null"]], "params": ["type": ["object", "null"]],
            "templates": ["type": "object", "additionalProperties": ["$ref": "#/$defs/taskAttributes"]],
            "default_args": ["type": "object"], "description": ["type": ["string", "null"]],
            "tags": ["type": ["array", "null"], "items": ["type": "string"]],
            "on_success_callback": Self.notifiers, "on_failure_callback": Self.notifiers,
            "deadline": [
                "description": "When a run should have ended, and whom to tell if it has not: one, or a list.",
                "anyOf": [
                    ["type": "null"], ["$ref": "#/$defs/deadline"],
                    ["type": "array", "items": ["$ref": "#/$defs/deadline"]],
                ],
            ],
        ]
    }

    private static func described(_ text: String, _ reference: String) -> JSONValue {
        ["description": .string(text), "$ref": .string(reference)]
    }

    private var definitions: [String: JSONValue] {
        var result: [String: JSONValue] = [
            "duration": [
                "description": "Such as 30s, 1h30m, PT5M, 01:30:00, or a number of seconds.",
                "anyOf": [["type": "string"], ["type": "number", "minimum": 0], ["type": "null"]],
            ],
            "marker": [
                "description":
                    "A value from elsewhere: $t a template, $x an upstream output, $f a file, $const as it stands.",
                "type": "object", "minProperties": 1, "maxProperties": 1,
                "patternProperties": ["^\\$(t|template|x|xcom|const|f)$": true], "additionalProperties": false,
            ],
            "deadline": Self.deadline,
            "taskAttributes": ["type": "object", "properties": .object(Self.taskProperties)],
        ]
        var task: [String: JSONValue] = [
            "type": "object", "required": ["id"],
            "properties": .object(
                Self.taskProperties.merging([
                    "id": ["type": "string", "minLength": 1],
                    "uses": [
                        "type": "string",
                        "anyOf": [["enum": .array(names)], ["type": "string"]],
                    ],
                ]) { $1 }),
        ]
        task["allOf"] = .array(operators.map { check(of: $0) })
        result["task"] = .object(task)
        for signature in operators { result["operator.\(signature.name)"] = arguments(of: signature) }
        return result
    }

    private var names: [JSONValue] { operators.flatMap { [$0.name] + $0.aliases }.map { .string($0) } }

    private static var taskProperties: [String: JSONValue] {
        [
            "with": ["type": "object"], "run": ["type": ["object", "null"]],
            "needs": [
                "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]], ["type": "null"]]
            ],
            "extends": ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]],
            "retries": ["type": ["integer", "null"], "minimum": 0], "retry_delay": ["$ref": "#/$defs/duration"],
            "max_retry_delay": ["$ref": "#/$defs/duration"], "execution_timeout": ["$ref": "#/$defs/duration"],
            "retry_exponential_backoff": ["type": ["boolean", "number"]],
            "trigger_rule": ["enum": .array(TriggerRule.allCases.map { .string($0.rawValue) })],
            "weight_rule": ["enum": .array(WeightRule.allCases.map { .string($0.rawValue) })],
            "pool": ["type": "string"], "pool_slots": ["type": "integer", "minimum": 1],
            "priority_weight": ["type": "integer"], "owner": ["type": "string"],
            "doc_md": ["type": ["string", "null"]], "setup": ["type": ["boolean", "null"]],
            "teardown": ["type": ["boolean", "string", "array", "null"]],
            "on_failure_fail_dagrun": ["type": ["boolean", "null"]],
            "on_execute_callback": notifiers, "on_retry_callback": notifiers, "on_success_callback": notifiers,
            "on_failure_callback": notifiers, "on_skipped_callback": notifiers,
        ]
    }

    /// One notifier reference or a list of them.
    private static let notifiers: JSONValue = {
        let names = OperatorSignature.notifiers.flatMap { [$0.name] + $0.aliases }.map { JSONValue.string($0) }
        let one: JSONValue = [
            "type": "object", "required": ["uses"], "additionalProperties": false,
            "properties": ["uses": ["enum": .array(names)], "with": ["type": ["object", "null"]]],
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
        let date: JSONValue = ["type": "string"]
        return [
            "type": "object", "required": ["reference", "interval", "callback"], "additionalProperties": false,
            "properties": [
                "reference": [
                    "description": "dagrun_queued_at, dagrun_logical_date, average_runtime, or a date and time.",
                    "anyOf": [
                        ["type": "string"],
                        [
                            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
                            // Airflow's names are in capitals.
                            "properties": [
                                "fixed_datetime": date, "FIXED_DATETIME": date, "average_runtime": average,
                                "AVERAGE_RUNTIME": average,
                            ],
                        ],
                    ],
                ],
                "interval": [
                    "description": "From the reference to the deadline; -30m lies before it.",
                    "type": ["string", "number"],
                ],
                "callback": notifiers,
            ],
        ]
    }()

    /// A task that uses the operator has its arguments, as far as they stand under `with`.
    private func check(of signature: OperatorSignature) -> JSONValue {
        let names = ([signature.name] + signature.aliases).map { JSONValue.string($0) }
        return [
            "if": ["required": ["uses"], "properties": ["uses": ["enum": .array(names)]]],
            "then": ["properties": ["with": ["$ref": .string("#/$defs/operator.\(signature.name)")]]],
        ]
    }

    private func arguments(of signature: OperatorSignature) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for parameter in signature.parameters {
            var value = Self.type(of: parameter.kind)
            if !parameter.choices.isEmpty { value["enum"] = .array(parameter.choices.map { .string($0) }) }
            properties[parameter.name] = [
                "description": .string(parameter.summary),
                "anyOf": [.object(value), ["$ref": "#/$defs/marker"], ["type": "null"]],
            ]
        }
        // Required arguments may also come from a template or stand beside `with`, so none is demanded here.
        return [
            "type": "object", "description": .string(signature.summary), "properties": .object(properties),
        ]
    }

    private static func type(of kind: OperatorSignature.Kind) -> [String: JSONValue] {
        switch kind {
        case .string: ["type": "string"]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .duration: ["$ref": "#/$defs/duration"]
        case .list: ["type": "array"]
        case .object: ["type": "object"]
        case .stringOrList: ["type": ["string", "array"]]
        case .any: [:]
        }
    }
}
