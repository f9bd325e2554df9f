package import DAGModel
import Synchronization
import Templates

/// Turns a task's arguments into the values an operator gets.
package struct ArgumentRenderer: Sendable {
    private let outputs: any OutputReader
    private let variables: any VariableReader
    private let templates = TemplateCache()

    package init(outputs: any OutputReader, variables: any VariableReader) {
        self.outputs = outputs
        self.variables = variables
    }

    /// The arguments of a try, every template rendered and every upstream output read.
    ///
    /// An upstream without output gives null, as Airflow's `xcom_pull` gives None, and a line in the log. Throws
    /// ``TaskFailure``, not retryable, for a template's error, naming the argument; what the readers throw passes through.
    package func render(_ launch: AttemptLaunch, log: TaskLog) async throws -> [String: JSONValue] {
        // Literals, the usual case, need no context.
        var rendered: [String: JSONValue] = [:]
        rendered.reserveCapacity(launch.task.arguments.count)
        var context: TemplateContext?
        for (name, argument) in launch.task.arguments {
            if case .value(let value) = argument {
                rendered[name] = value
            } else {
                let facts = context ?? TemplateContext(launch)
                context = facts
                rendered[name] = try await render(argument, path: name, facts, launch, log)
            }
        }
        if launch.mapIndex >= 0 {
            let facts = context ?? TemplateContext(launch)
            for (name, value) in try await elements(of: launch, facts, log) { rendered[name] = value }
        }
        return rendered
    }

    /// What an instance of a mapped task gets of each list: the last argument varies fastest, as in Airflow.
    private func elements(
        of launch: AttemptLaunch, _ context: TemplateContext, _ log: TaskLog
    ) async throws -> [(name: String, value: JSONValue)] {
        var lists: [(name: String, elements: [JSONValue])] = []
        for name in launch.task.expandedNames {
            guard let argument = launch.task.expand[name] else { continue }
            lists.append((name, Self.elements(try await render(argument, path: name, context, launch, log))))
        }
        var index = launch.mapIndex
        var chosen: [(name: String, value: JSONValue)] = []
        for list in lists.reversed() {
            guard !list.elements.isEmpty else {
                throw TaskFailure(
                    "the list of \"\(list.name)\" is empty now: clear the task that made it, and this one with it",
                    isRetryable: false)
            }
            chosen.append((list.name, list.elements[index % list.elements.count]))
            index /= list.elements.count
        }
        return chosen
    }

    /// A list's elements; of a mapping, pairs of key and value in the order of the keys.
    private static func elements(_ value: JSONValue) -> [JSONValue] {
        if let members = value.objectValue {
            return members.keys.sorted().map { .array([.string($0), members[$0, default: .null]]) }
        }
        return value.arrayValue ?? []
    }

    /// What an instance of a mapped task is called: its `map_index_template`, which sees the mapped arguments as
    /// `params`; nil when there is none or it cannot be rendered.
    func mapName(of launch: AttemptLaunch, arguments: [String: JSONValue], log: TaskLog) async -> String? {
        guard launch.mapIndex >= 0, let template = launch.task.mapIndexTemplate else { return nil }
        var context = TemplateContext(launch)
        for name in launch.task.expand.keys { context.params[name] = arguments[name] }
        do {
            return String(try await render(template: template, path: "map_index_template", context).prefix(250))
        } catch {
            log.warning("the map index has no name: \(error)")
            return nil
        }
    }

    private func render(
        _ argument: Argument, path: String, _ context: TemplateContext, _ launch: AttemptLaunch, _ log: TaskLog
    ) async throws -> JSONValue {
        switch argument {
        case .value(let value):
            return value
        case .template(let text):
            return .string(try await render(template: text, path: path, context))
        case .output(let task, let key):
            let instance = TaskInstanceKey(run: launch.run.key, task: task)
            let key = key ?? "return_value"
            if launch.dag.tasks.contains(where: { $0.id == task && $0.isMapped }) {
                return .array(try await outputs.outputs(of: task, in: launch.run.key, key: key))
            }
            if let value = try await outputs.output(of: instance, key: key) { return value }
            log.warning("the argument \(path) is null: the task \(task) has no output \"\(key)\" in this run")
            return .null
        case .list(let elements):
            var values: [JSONValue] = []
            for (index, element) in elements.enumerated() {
                values.append(try await render(element, path: "\(path)[\(index)]", context, launch, log))
            }
            return .array(values)
        case .map(let members):
            var values: [String: JSONValue] = [:]
            for (name, member) in members {
                values[name] = try await render(member, path: "\(path).\(name)", context, launch, log)
            }
            return .object(values)
        }
    }

    /// Renders once, and again for as long as the template asks for variables that were not read yet: so only those it
    /// names are read, and a template without any is rendered once.
    private func render(template text: String, path: String, _ context: TemplateContext) async throws -> String {
        var known: [String: String?] = [:]
        while true {
            let missing = Mutex<Set<String>>([])
            var context = context
            let snapshot = known
            context.variable = { name in
                if let value = snapshot[name] { return value }
                missing.withLock { _ = $0.insert(name) }
                return nil
            }
            let outcome: Result<String, TemplateError>
            do throws(TemplateError) {
                outcome = .success(try templates.template(text).render(context))
            } catch {
                outcome = .failure(error)
            }
            let asked = missing.withLock { $0 }
            if asked.isEmpty {
                switch outcome {
                case .success(let text): return text
                case .failure(let error): throw TaskFailure("argument \(path): \(error)", isRetryable: false)
                }
            }
            for name in asked {
                let value = try await variables.variable(named: name)
                known.updateValue(value, forKey: name)
            }
        }
    }
}

/// Templates that were read before, since each try renders the same few.
private final class TemplateCache: Sendable {
    private let templates = Mutex<[String: Template]>([:])
    private static let limit = 1_000

    func template(_ text: String) throws(TemplateError) -> Template {
        if let known = templates.withLock({ $0[text] }) { return known }
        let template = try Template(parsing: text)
        templates.withLock { templates in
            if templates.count >= Self.limit { templates.removeAll() }
            templates[text] = template
        }
        return template
    }
}
