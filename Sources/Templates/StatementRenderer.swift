/// Writes statements, in one context.
struct StatementRenderer {
    private let state: RenderState
    private let evaluator: Evaluator

    init(_ context: TemplateContext) {
        state = RenderState(context)
        evaluator = Evaluator(state)
    }

    func render(_ statements: [Statement]) throws(Failure) -> String {
        var result = ""
        try write(statements, to: &result)
        return result
    }

    private func write(_ statements: [Statement], to output: inout String) throws(Failure) {
        for statement in statements { try write(statement, to: &output) }
    }

    private func write(_ statement: Statement, to output: inout String) throws(Failure) {
        try Meter.charge(1)
        switch statement {
        case .text(let text): try append(text, to: &output)
        case .output(let expression):
            do throws(Failure) {
                try append(try evaluator.evaluate(expression).text(), to: &output)
            } catch { throw error.placed(at: expression.offset) }
        case .conditional(let branches, let otherwise):
            for branch in branches where try evaluator.isTrue(branch.condition) {
                return try write(branch.body, to: &output)
            }
            try write(otherwise, to: &output)
        case .loop(let loop): try write(loop, to: &output)
        case .set(let target, let expression):
            do throws(Failure) {
                try assign(try evaluator.evaluate(expression), to: target)
            } catch { throw error.placed(at: expression.offset) }
        case .capture(let target, let filters, let body, let offset):
            let text = try captured(body)
            do throws(Failure) {
                try assign(try filtered(.string(text), filters), to: target)
            } catch { throw error.placed(at: offset) }
        case .with(let assignments, let body):
            var values: [(Statement.Target, Value)] = []
            for (target, expression) in assignments { values.append((target, try evaluator.evaluate(expression))) }
            try state.scoped { () throws(Failure) in
                for (target, value) in values { try assign(value, to: target) }
                try write(body, to: &output)
            }
        case .filtered(let filters, let body, let offset):
            let text = try captured(body)
            do throws(Failure) {
                try append(try filtered(.string(text), filters).text(), to: &output)
            } catch { throw error.placed(at: offset) }
        case .evaluate(let expression): _ = try evaluator.evaluate(expression)
        }
    }

    private func append(_ text: String, to output: inout String) throws(Failure) {
        try Meter.charge(bytes: text.utf8.count)
        output += text
        guard output.utf8.count <= Template.maximumOutput else {
            throw Failure("the rendered text is longer than \(Template.maximumOutput) bytes")
        }
    }

    private func captured(_ body: [Statement]) throws(Failure) -> String {
        var text = ""
        try state.scoped { () throws(Failure) in try write(body, to: &text) }
        return text
    }

    private func filtered(_ value: Value, _ filters: [Statement.FilterCall]) throws(Failure) -> Value {
        var value = value
        for filter in filters {
            do throws(Failure) {
                value = try Filters.apply(
                    filter.name, to: value, try evaluator.evaluated(filter.arguments), evaluator)
            } catch { throw error.placed(at: filter.offset) }
        }
        return value
    }

    private func write(_ loop: Statement.Loop, to output: inout String) throws(Failure) {
        let items: ValueList
        var map: ValueMap?
        do throws(Failure) {
            let sequence = try evaluator.defined(loop.sequence)
            if case .map(let found) = sequence { map = found }
            items = try self.items(of: sequence, loop)
        } catch { throw error.placed(at: loop.sequence.offset) }
        if items.isEmpty {
            return try state.scoped { () throws(Failure) in try write(loop.otherwise, to: &output) }
        }
        let id = state.nextLoop()
        let size = map?.count
        var index = 0
        // A list may grow or shrink under its loop, as in Python; the end is looked for anew.
        while index < items.count {
            try state.scoped { () throws(Failure) in
                try state.set("loop", .loop(LoopRound(id: id, index: index, items: items)))
                do throws(Failure) {
                    try assign(items[index], to: loop.target)
                } catch { throw error.placed(at: loop.offset) }
                try write(loop.body, to: &output)
            }
            guard map?.count == size else {
                throw Failure("a mapping changed its size while it was looped over", at: loop.offset)
            }
            index += 1
            try Meter.charge(1)
        }
    }

    private func items(of sequence: Value, _ loop: Statement.Loop) throws(Failure) -> ValueList {
        if loop.condition == nil {
            switch sequence {
            case .list(let list) where !list.isGenerator: return list
            case .tuple(let list): return list
            default: break
            }
        }
        let items = try Filters.iterated(sequence, "for")
        try Meter.charge(items.count)
        guard let condition = loop.condition else { return ValueList(items) }
        var kept: [Value] = []
        for item in items {
            let isKept = try state.scoped { () throws(Failure) in
                try assign(item, to: loop.target)
                return try evaluator.isTrue(condition)
            }
            if isKept { kept.append(item) }
        }
        return ValueList(kept)
    }

    private func assign(_ value: Value, to target: Statement.Target) throws(Failure) {
        switch target {
        case .name(let name): try state.set(name, value)
        case .attribute(let name, let attribute, let offset):
            guard case .namespace(let index)? = state.variable(name) else {
                throw Failure(
                    "'\(name)' is not a namespace: only attributes of one can be set",
                    hint: "begin with {% set \(name) = namespace() %}", at: offset)
            }
            try state.setAttribute(attribute, ofNamespace: index, value)
        case .unpacked(let targets, let offset):
            let values = try Filters.iterated(value, "for")
            guard values.count == targets.count else {
                throw Failure("\(targets.count) names cannot take \(values.count) values", at: offset)
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target) }
        }
    }
}

extension Failure {
    /// The same failure, at an offset if it has none of its own.
    func placed(at offset: Int) -> Failure {
        var failure = self
        failure.offset = failure.offset ?? offset
        return failure
    }
}
