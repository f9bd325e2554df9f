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
        return rendered
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
