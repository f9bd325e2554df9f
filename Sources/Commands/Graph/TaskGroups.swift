import DAGModel

/// The tasks of a DAG in their groups, which a dot in a group's name nests.
struct TaskGroups {
    indirect enum Member {
        /// An index into the DAG's tasks.
        case task(Int)
        /// A group by its whole name and the last part of it.
        case group(name: String, label: String, [Member])
    }

    /// In the order in which the document names a task of each.
    let members: [Member]

    init(_ dag: DAG) {
        members = Self.members(
            dag.tasks.enumerated().map { index, task in
                (index, (task.group ?? "").split(separator: ".").map(String.init))
            }, in: [])
    }

    /// - Parameters:
    ///   - tasks: With the groups they still are to be put in, outermost first.
    ///   - path: The groups around them.
    private static func members(_ tasks: [(index: Int, groups: [String])], in path: [String]) -> [Member] {
        var result: [Member] = []
        var seen: Set<String> = []
        for task in tasks {
            guard let group = task.groups.first else {
                result.append(.task(task.index))
                continue
            }
            guard seen.insert(group).inserted else { continue }
            let inside = tasks.filter { $0.groups.first == group }.map { ($0.index, Array($0.groups.dropFirst())) }
            let inner = path + [group]
            result.append(.group(name: inner.joined(separator: "."), label: group, members(inside, in: inner)))
        }
        return result
    }
}
