import DAGModel

/// Checks how a document's tasks refer to one another.
struct ReferenceCheck {
    let context: DocumentContext
    let drafts: [TaskDraft]
    /// The ids of the tasks, in order.
    private let known: [String]
    private let ids: Set<String>

    /// More circles than this in one document are not listed.
    private static let maximumCircles = 20

    init(context: DocumentContext, drafts: [TaskDraft]) {
        self.context = context
        self.drafts = drafts
        known = drafts.compactMap(\.id)
        ids = Set(known)
    }

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
        for draft in drafts {
            checkNames(draft.callbackReferences)
            for reference in draft.references {
                if reference.name == draft.id {
                    context.error(
                        "the task '\(reference.name.shortened)' depends on itself", hint: "remove it",
                        at: reference.mark,
                        reference.path)
                } else if indexes[reference.name] == nil {
                    refuseUnknown(reference)
                }
            }
        }
        checkCircles(indexes)
        checkRoles(indexes)
        checkFollowed(indexes)
        checkGroups(indexes)
        warnOfPulls(drafts.flatMap(\.pulls))
    }

    /// Airflow's rules: what follows a setup has the trigger rule all_success, and what a teardown names is a setup.
    private func checkRoles(_ indexes: [String: Int]) {
        for draft in drafts {
            for reference in draft.references {
                guard let target = indexes[reference.name] else { continue }
                let isSetup = drafts[target].spec.isSetup
                if reference.kind == "teardown", !isSetup {
                    context.error(
                        "'\(reference.name.shortened)' is not a setup",
                        hint: "add setup: true to it, or name it in needs",
                        at: reference.mark, reference.path)
                }
                guard isSetup, !draft.spec.isTeardown, draft.spec.triggerRule != .allSuccess else { continue }
                context.error(
                    "a task right after the setup '\(reference.name.shortened)' must have the trigger rule all_success, "
                        + "'\(draft.spec.id)' has \(draft.spec.triggerRule.rawValue)",
                    hint: "remove its trigger_rule", at: reference.mark, reference.path)
            }
        }
    }

    /// What a branch follows comes directly after it.
    private func checkFollowed(_ indexes: [String: Int]) {
        for draft in drafts {
            for reference in draft.followed {
                guard let target = indexes[reference.name] else {
                    refuseUnknown(reference)
                    continue
                }
                guard !drafts[target].spec.upstream.contains(draft.spec.id) else { continue }
                context.error(
                    "'\(reference.name.shortened)' cannot be followed: it does not come directly after '\(draft.spec.id)'",
                    hint: "add needs: [\(draft.spec.id)] to it", at: reference.mark, reference.path)
            }
        }
    }

    /// As in Airflow, groups and tasks share their names: `a.b` is a group in the group `a`.
    private func checkGroups(_ indexes: [String: Int]) {
        for draft in drafts {
            guard let field = draft.group, let name = draft.spec.group else { continue }
            var group = ""
            for part in name.split(separator: ".") {
                group += (group.isEmpty ? "" : ".") + part
                guard let task = indexes[group] else { continue }
                context.error(
                    "the group '\(group.shortened)' is called like the task at \(context.place(drafts[task].idMark))",
                    hint: "give one of the two another name", at: field.node.mark, field.path)
            }
        }
    }

    /// An output that is pulled may be guarded by a default, so this is no error.
    func warnOfPulls(_ pulls: [TaskReference]) {
        for pull in pulls where !ids.contains(pull.name) {
            context.warning(
                "the template pulls the output of '\(pull.name.shortened)', and no task has that id",
                hint: nearestHint(pull.name, among: known), at: pull.mark, pull.path)
        }
    }

    /// Outputs that callbacks read: of any task, also of their own.
    func checkNames(_ references: [TaskReference]) {
        for reference in references where !ids.contains(reference.name) { refuseUnknown(reference) }
    }

    private func refuseUnknown(_ reference: TaskReference) {
        context.error(
            "unknown task '\(reference.name.shortened)'",
            hint: nearestHint(reference.name, among: known) ?? "no task of this document has that id",
            at: reference.mark, reference.path)
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
