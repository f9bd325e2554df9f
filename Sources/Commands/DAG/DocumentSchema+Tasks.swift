import DAGDocument
import DAGModel

// Tasks, and the arguments of what they use.

extension DocumentSchema {
    var taskDefinitions: [String: JSONValue] {
        let parameters = Set(operators.flatMap { $0.parameters.map(\.name) })
        let attributes = KnownAttributes.task.union(KnownAttributes.inertTask.keys)
        var properties = Self.attributes
        properties["uses"] = ["enum": .array(operators.flatMap { [$0.name] + $0.aliases }.map { .string($0) })]
        let keys = SchemaShapes.reference("anyKey")
        let partial: [String: JSONValue] = [
            "type": "object", "properties": .object(properties),
            // Whose argument a key is shows only in the task where the operator is not named here.
            "propertyNames": keys,
            "allOf": [SchemaShapes.reference("operators")],
        ]
        var template = partial
        template["not"] = SchemaShapes.either(
            ["required": ["uses", "run"]],
            [
                "required": ["setup", "teardown"],
                "properties": ["setup": ["const": true], "teardown": ["not": ["enum": [false, .null]]]],
            ])
        var task = template
        task["required"] = ["id"]
        properties["id"] = false
        var result: [String: JSONValue] = [
            "task": .object(task), "template": .object(template),
            "defaults": [
                "type": ["object", "null"], "properties": .object(properties),
                "propertyNames": keys,
            ],
            // What a task must have that takes nothing from elsewhere.
            "wholeTask": [
                "if": ["required": ["extends"]], "then": true,
                "else": [
                    "anyOf": [["required": ["uses"]], ["required": ["run"]]],
                    "allOf": .array(operators.compactMap { needs(of: $0) }),
                ],
            ],
            "operators": ["allOf": .array(operators.map { check(of: $0) })],
            "anyKey": SchemaShapes.keys(attributes.union(parameters)), "taskKeys": SchemaShapes.keys(attributes),
            "withAttributes": [
                "properties": .object(Self.attributes.filter { KnownAttributes.passesThroughWith.contains($0.key) })
            ],
            "withKeys": SchemaShapes.keys(KnownAttributes.passesThroughWith),
        ]
        for signature in operators { result["operator.\(signature.name)"] = arguments(of: signature) }
        return result
    }

    /// A task's own keys; those of the reader's table that are missing here take any value.
    static let attributes: [String: JSONValue] = {
        let retryOn = SchemaShapes.either(
            ["type": "integer", "minimum": 1, "maximum": 255],
            ["enum": .array(FailureKind.allCases.map { .string($0.rawValue) })])
        let retryFilter = SchemaShapes.either(["type": "null"], retryOn, SchemaShapes.list(of: retryOn))
        let asset = SchemaShapes.either(
            SchemaShapes.name,
            [
                "type": "object", "anyOf": [["required": ["name"]], ["required": ["uri"]]],
                "properties": ["name": SchemaShapes.name],
            ])
        let assets = SchemaShapes.either(["type": "null"], SchemaShapes.name, SchemaShapes.list(of: asset))
        var result: [String: JSONValue] = [
            "id": SchemaShapes.key, "with": ["type": "object"], "run": ["type": "object"],
            "needs": SchemaShapes.names, "extends": SchemaShapes.optional(SchemaShapes.names),
            "expand": [
                "description": "Arguments, and the lists or outputs over which the task runs.",
                "type": "object", "minProperties": 1, "additionalProperties": ["type": ["array", "object"]],
            ],
            "group": SchemaShapes.group,
            "retries": SchemaShapes.either(
                SchemaShapes.integer(atLeast: 0), ["type": "string", "pattern": "^\\+?[0-9]+$"]),
            "retry_delay": SchemaShapes.reference("duration"), "max_retry_delay": SchemaShapes.reference("duration"),
            "execution_timeout": SchemaShapes.reference("durationAboveZero"),
            "retry_exponential_backoff": SchemaShapes.either(
                SchemaShapes.flag, ["const": 0], ["type": "number", "minimum": 1, "maximum": 1000]),
            "retry_on": retryFilter, "no_retry_on": retryFilter,
            "trigger_rule": SchemaShapes.token(TriggerRule.allCases.map(\.rawValue)),
            "weight_rule": SchemaShapes.token(WeightRule.allCases.map(\.rawValue)),
            "pool": ["type": ["string", "null"], "minLength": 1], "queue": SchemaShapes.name,
            "pool_slots": SchemaShapes.count,
            "priority_weight": SchemaShapes.integer(atLeast: Int64(Int32.min)),
            "depends_on_past": SchemaShapes.flag, "wait_for_downstream": SchemaShapes.flag,
            "max_active_tis_per_dag": SchemaShapes.count, "max_active_tis_per_dagrun": SchemaShapes.count,
            "owner": SchemaShapes.text, "doc_md": SchemaShapes.text, "map_index_template": SchemaShapes.text,
            "inlets": assets, "outlets": assets, "params": SchemaShapes.reference("params"),
            "setup": SchemaShapes.flag, "on_failure_fail_dagrun": SchemaShapes.flag,
            "teardown": SchemaShapes.either(SchemaShapes.flag, SchemaShapes.name, SchemaShapes.names),
        ]
        for key in KnownAttributes.taskCallbacks.keys { result[key] = SchemaShapes.reference("callbacks") }
        return result
    }()

    // MARK: - Operators

    private func uses(_ signature: OperatorSignature) -> JSONValue {
        let names = ([signature.name] + signature.aliases).map { JSONValue.string($0) }
        return ["required": ["uses"], "properties": ["uses": ["enum": .array(names)]]]
    }

    /// A task that uses the operator has its arguments under `with`, beside it, and expanded.
    private func check(of signature: OperatorSignature) -> JSONValue {
        let names = SchemaShapes.keys(signature.parameters.map(\.name))
        // An attribute of tasks is one, whatever the operator calls its own.
        let beside = signature.parameters.filter { !KnownAttributes.task.contains($0.name) }
        var properties = Dictionary(
            beside.map { ($0.name, SchemaShapes.reference("operator.\(signature.name)/properties/\($0.name)")) },
            uniquingKeysWith: { first, _ in first })
        properties["with"] = SchemaShapes.reference("operator.\(signature.name)")
        properties["expand"] = ["propertyNames": names]
        return [
            "if": uses(signature),
            "then": [
                "properties": .object(properties),
                "propertyNames": SchemaShapes.either(SchemaShapes.reference("taskKeys"), names),
            ],
        ]
    }

    /// What a task that uses the operator must give; nil for nothing.
    private func needs(of signature: OperatorSignature) -> JSONValue? {
        /// The argument, wherever it may stand.
        func given(_ name: String) -> JSONValue {
            let key: JSONValue = ["required": [.string(name)]]
            let filled: JSONValue = .object([
                "required": [.string(name)], "properties": .object([name: ["not": ["type": "null"]]]),
            ])
            return SchemaShapes.either(
                filled, ["required": ["with"], "properties": ["with": filled]],
                ["required": ["expand"], "properties": ["expand": key]])
        }
        var conditions = signature.parameters.filter(\.isRequired).map { given($0.name) }
        for group in signature.alternatives where group.isRequired {
            let one: JSONValue = ["anyOf": .array(group.names.map { given($0) })]
            conditions.append(group.beside.map { ["if": given($0), "then": one] } ?? one)
        }
        guard !conditions.isEmpty else { return nil }
        return ["if": uses(signature), "then": ["allOf": .array(conditions)]]
    }

    /// The arguments of an operator or a notifier.
    ///
    /// A required one may also come from a template or stand elsewhere, so none is demanded here.
    func arguments(of signature: OperatorSignature) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for parameter in signature.parameters { properties[parameter.name] = value(of: parameter) }
        var result: [String: JSONValue] = [
            "type": "object", "description": .string(signature.summary), "properties": .object(properties),
            "propertyNames": SchemaShapes.either(
                SchemaShapes.keys(signature.parameters.map(\.name)), SchemaShapes.reference("withKeys")),
        ]
        if OperatorSignature.notifiers.contains(signature) {
            result["propertyNames"] = SchemaShapes.keys(signature.parameters.map(\.name))
        }
        var checks: [JSONValue] = []
        if !OperatorSignature.notifiers.contains(signature),
            !signature.parameters.contains(where: { Self.attributes[$0.name] != nil })
        {
            checks.append(SchemaShapes.reference("withAttributes"))
        }
        checks += signature.alternatives.filter(\.isExclusive).map { group -> JSONValue in
            let members = group.names.map { ($0, JSONValue.object(["not": ["type": "null"]])) }
            return [
                "not": [
                    "required": .array(group.names.map { .string($0) }),
                    "properties": .object(Dictionary(members, uniquingKeysWith: { first, _ in first })),
                ]
            ]
        }
        if !checks.isEmpty { result["allOf"] = .array(checks) }
        return .object(result)
    }

    private func value(of parameter: OperatorSignature.Parameter) -> JSONValue {
        var literal = Self.type(of: parameter.kind)
        if !parameter.choices.isEmpty { literal["enum"] = .array(parameter.choices.map { .string($0) }) }
        var shapes: [JSONValue] = [.object(literal)]
        if let rule = parameter.rule.flatMap(SchemaShapes.rule) { shapes = [["allOf": [.object(literal), rule]]] }
        shapes.append(SchemaShapes.reference("marker"))
        if !parameter.isRequired { shapes.append(["type": "null"]) }
        return ["description": .string(parameter.summary), "anyOf": .array(shapes)]
    }

    private static func type(of kind: OperatorSignature.Kind) -> [String: JSONValue] {
        // Keys that begin with $ are markers, which stand alone.
        let plain: JSONValue = ["not": ["pattern": "^\\$"]]
        return switch kind {
        case .string: ["type": "string"]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .duration: ["$ref": "#/$defs/durationAboveZero"]
        case .list: ["type": "array"]
        case .object: ["type": "object", "propertyNames": plain]
        case .stringOrList:
            [
                "anyOf": [
                    ["type": "string"],
                    [
                        "type": "array",
                        "items": SchemaShapes.either(["type": "string"], SchemaShapes.reference("marker")),
                    ],
                ]
            ]
        case .any: ["if": ["type": "object"], "then": ["propertyNames": plain]]
        }
    }
}
