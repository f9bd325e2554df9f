package import DAGModel
import Synchronization
import Templates

/// Turns a task's arguments into the values an operator gets.
package struct ArgumentRenderer: Sendable {
    private let outputs: any OutputReader
    private let variables: any VariableReader
    private let connections: Connections
    private let templates = TemplateCache()

    /// `connections` are those that templates may read as `conn.ID`.
    package init(
        outputs: any OutputReader, variables: any VariableReader,
        connections: Connections = Connections(environment: [:])
    ) {
        self.outputs = outputs
        self.variables = variables
        self.connections = connections
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

    /// The arguments of a notifier, which see the task's or run's facts and what the callback is about.
    ///
    /// Throws ``TaskFailure``, not retryable, for a template's error, naming the argument.
    func render(
        _ arguments: [String: Argument], for launch: AttemptLaunch, _ callback: TemplateContext.CallbackFacts
    ) async throws -> [String: JSONValue] {
        var context = TemplateContext(launch)
        context.callback = callback
        let log = TaskLog(path: "/dev/null")
        var rendered: [String: JSONValue] = [:]
        for (name, argument) in arguments {
            rendered[name] = try await render(argument, path: name, context, launch, log)
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
        // What is left over belongs to none: the lists were longer when the instances were made.
        guard index == 0 else {
            throw TaskFailure(
                "there is no instance \(launch.mapIndex): the lists have fewer elements now", isRetryable: false)
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
            return String(
                try await render(template: template, path: "map_index_template", context, launch, log).prefix(250))
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
            return .string(try await render(template: text, path: path, context, launch, log))
        case .output(let task, let key):
            let key = key ?? "return_value"
            if let value = try await output(of: task, key: key, in: launch) { return value }
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

    /// Renders once, and again for as long as the template asks for variables and outputs that were not read yet: so only
    /// those it names are read, and a template without any is rendered once.
    private func render(
        template text: String, path: String, _ context: TemplateContext, _ launch: AttemptLaunch, _ log: TaskLog
    ) async throws -> String {
        var variables: [String: String?] = [:]
        var outputs: [OutputRequest: JSONValue?] = [:]
        while true {
            let missing = Mutex(Missing())
            var context = context
            let (knownVariables, knownOutputs, connections) = (variables, outputs, connections)
            context.variable = { name in
                if let value = knownVariables[name] { return value }
                missing.withLock { _ = $0.variables.insert(name) }
                return nil
            }
            context.output = { request in
                if let value = knownOutputs[request] { return value }
                missing.withLock { _ = $0.outputs.insert(request) }
                return nil
            }
            context.connection = { id in (try? connections.connection(id)).map { ConnectionFacts($0) } }
            let outcome: Result<String, TemplateError>
            do throws(TemplateError) {
                outcome = .success(try templates.template(text).render(context))
            } catch {
                outcome = .failure(error)
            }
            let asked = missing.withLock { $0 }
            if asked.variables.isEmpty, asked.outputs.isEmpty {
                switch outcome {
                case .success(let text): return text
                case .failure(let error): throw TaskFailure("argument \(path): \(error)", isRetryable: false)
                }
            }
            guard variables.count + outputs.count + asked.variables.count + asked.outputs.count <= Self.mostReads else {
                throw TaskFailure(
                    "argument \(path): the template reads more than \(Self.mostReads) variables and outputs",
                    isRetryable: false)
            }
            for name in asked.variables {
                let value = try await self.variables.variable(named: name)
                variables.updateValue(value, forKey: name)
                if let value { log.cover(variable: name, value) }
            }
            for request in asked.outputs {
                outputs.updateValue(try await read(request, of: launch), forKey: request)
            }
        }
    }

    private func read(_ request: OutputRequest, of launch: AttemptLaunch) async throws -> JSONValue? {
        guard let index = request.mapIndex else {
            return try await output(of: request.task, key: request.key, in: launch)
        }
        let instance = TaskInstanceKey(run: launch.run.key, task: request.task, mapIndex: index)
        return try await outputs.output(of: instance, key: request.key)
    }

    /// A mapped task's output is the list of its instances' ones.
    private func output(of task: TaskID, key: String, in launch: AttemptLaunch) async throws -> JSONValue? {
        if launch.dag.tasks.contains(where: { $0.id == task && $0.isMapped }) {
            return .array(try await outputs.outputs(of: task, in: launch.run.key, key: key))
        }
        return try await outputs.output(of: TaskInstanceKey(run: launch.run.key, task: task), key: key)
    }

    /// Variables and outputs that one template may read.
    private static let mostReads = 1_000

    private struct Missing {
        var variables: Set<String> = []
        var outputs: Set<OutputRequest> = []
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
