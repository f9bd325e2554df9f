import DAGModel

/// Where the tasks of a DAG stand in a drawing: in columns from left to right, each task right of all its upstreams.
///
/// Within a column tasks are ordered by where their neighbours stand, swept over a few times, which keeps lines from
/// crossing; the order of the document breaks ties, so the same DAG always looks the same.
struct GraphLayout {
    /// Columns from left to right, tasks from top to bottom, as indices into the DAG's tasks.
    private(set) var columns: [[Int]] = []
    /// Pairs of upstream and downstream, as indices.
    let edges: [(from: Int, to: Int)]

    private static let sweeps = 8

    init(_ dag: DAG) {
        let indices = Dictionary(dag.tasks.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var edges: [(from: Int, to: Int)] = []
        for (index, task) in dag.tasks.enumerated() {
            edges += task.upstream.compactMap { id in indices[id].map { ($0, index) } }
        }
        self.edges = edges
        var upstream = [[Int]](repeating: [], count: dag.tasks.count)
        var downstream = upstream
        for edge in edges {
            upstream[edge.to].append(edge.from)
            downstream[edge.from].append(edge.to)
        }
        let levels = Self.levels(upstream, downstream)
        columns = [[Int]](repeating: [], count: (levels.max() ?? -1) + 1)
        for (index, level) in levels.enumerated() { columns[level].append(index) }
        for sweep in 0..<Self.sweeps {
            let goesRight = sweep.isMultiple(of: 2)
            let order = goesRight ? Array(columns.indices.dropFirst()) : Array(columns.indices.dropLast().reversed())
            for column in order { sort(column, by: goesRight ? upstream : downstream) }
        }
    }

    /// The longest way from a task without upstreams, level by level; a validated DAG has no cycle.
    private static func levels(_ upstream: [[Int]], _ downstream: [[Int]]) -> [Int] {
        var levels = [Int](repeating: 0, count: upstream.count)
        var waiting = upstream.map(\.count)
        var ready = upstream.indices.filter { waiting[$0] == 0 }
        while let task = ready.popLast() {
            for next in downstream[task] {
                levels[next] = max(levels[next], levels[task] + 1)
                waiting[next] -= 1
                if waiting[next] == 0 { ready.append(next) }
            }
        }
        return levels
    }

    private mutating func sort(_ column: Int, by neighbours: [[Int]]) {
        var places: [Int: Double] = [:]
        for members in columns {
            for (row, task) in members.enumerated() { places[task] = Double(row) - Double(members.count - 1) / 2 }
        }
        let keys = columns[column].map { task -> Double in
            let around = neighbours[task].compactMap { places[$0] }
            return around.isEmpty ? places[task] ?? 0 : around.reduce(0, +) / Double(around.count)
        }
        columns[column] = zip(columns[column], keys).sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
    }
}
