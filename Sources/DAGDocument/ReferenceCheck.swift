import DAGModel

/// Checks how a document's tasks refer to one another.
struct ReferenceCheck {
    let context: DocumentContext
    let drafts: [TaskDraft]

    /// More circles than this in one document are not listed.
    private static let maximumCircles = 20

    func check() {
        var indexes: [String: Int] = [:]
        for (index, draft) in drafts.enumerated() {
            guard let id = draft.id else { continue }
            if let first = indexes[id] {
                context.error(
                    "duplicate task id '\(id)': it stands first at \(context.place(drafts[first].idMark))",
                    hint: "give one of the two another id", at: draft.idMark, draft.idPath)
            } else {
                indexes[id] = index
            }
        }
        let known = drafts.compactMap(\.id)
        for draft in drafts {
            checkNames(draft.callbackReferences)
            for reference in draft.references {
                if reference.name == draft.id {
                    context.error(
                        "the task '\(reference.name)' depends on itself", hint: "remove it", at: reference.mark,
                        reference.path)
                } else if indexes[reference.name] == nil {
                    let hint = nearestHint(reference.name, among: known)
                    context.error(
                        "unknown task '\(reference.name.prefix(200))'",
                        hint: hint ?? "no task of this document has that id",
                        at: reference.mark, reference.path)
                }
            }
        }
        checkCircles(indexes)
        checkRoles(indexes)
    }

    /// Airflow's rules: what follows a setup has the trigger rule all_success, and what a teardown names is a setup.
    private func checkRoles(_ indexes: [String: Int]) {
        for draft in drafts {
            for reference in draft.references {
                guard let target = indexes[reference.name] else { continue }
                let isSetup = drafts[target].spec.isSetup
                if reference.kind == "teardown", !isSetup {
                    context.error(
                        "'\(reference.name)' is not a setup", hint: "add setup: true to it, or name it in needs",
                        at: reference.mark, reference.path)
                }
                guard isSetup, !draft.spec.isTeardown, draft.spec.triggerRule != .allSuccess else { continue }
                context.error(
                    "a task right after the setup '\(reference.name)' must have the trigger rule all_success, "
                        + "'\(draft.spec.id)' has \(draft.spec.triggerRule.rawValue)",
                    hint: "remove its trigger_rule", at: reference.mark, reference.path)
            }
        }
    }

    /// Outputs that callbacks read: of any task, also of their own.
    func checkNames(_ references: [TaskReference]) {
        let known = drafts.compactMap(\.id)
        for reference in references where !known.contains(reference.name) {
            context.error(
                "unknown task '\(reference.name.prefix(200))'",
                hint: nearestHint(reference.name, among: known) ?? "no task of this document has that id",
                at: reference.mark, reference.path)
        }
    }

    /// Walks along `needs` with a stack of its own, so that a long chain cannot exhaust the thread's.
    private func checkCircles(_ indexes: [String: Int]) {
        enum Color { case new, open, done }
        var colors = [Color](repeating: .new, count: drafts.count)
        var reported = 0
        for start in drafts.indices where colors[start] == .new {
            var stack: [(task: Int, next: Int)] = [(start, 0)]
            colors[start] = .open
            while let (task, next) = stack.last {
                guard next < drafts[task].references.count else {
                    colors[task] = .done
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let reference = drafts[task].references[next]
                guard reference.name != drafts[task].id, let target = indexes[reference.name] else { continue }
                switch colors[target] {
                case .done: continue
                case .new:
                    colors[target] = .open
                    stack.append((target, 0))
                case .open:
                    guard reported < Self.maximumCircles,
                        let position = stack.firstIndex(where: { $0.task == target })
                    else { continue }
                    reported += 1
                    let names = stack[position...].map { drafts[$0.task].spec.id.rawValue } + [reference.name]
                    let shown = names.count > 12 ? Array(names.prefix(6)) + ["…"] + names.suffix(5) : names
                    context.error(
                        "tasks wait for each other in a circle: \(shown.joined(separator: " → "))",
                        hint: "each needs the next; remove one of the dependencies", at: reference.mark, reference.path)
                }
            }
        }
    }
}
