/// Names a DAG: Airflow's `dag_id`.
package struct DAGID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Names a task within its DAG: Airflow's `task_id`.
package struct TaskID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The surrogate key of a run: the leader's epoch in the upper bits, a counter of that epoch in the lower 32,
/// so a leader numbers rows without asking the database, and no two leaders can pick the same number.
package struct RunKey: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The key of one try of one task: numbered like ``RunKey``.
///
/// Given to the child as `CRYPTOFLOW_ATTEMPT`.
package struct AttemptID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The key of a backfill, numbered like ``RunKey``.
package struct BackfillID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The content hash of a document: which text of a DAG a run is pinned to.
///
/// Lower-case hexadecimal SHA-256.
package struct DAGVersionID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    package var description: String { rawValue }
}

/// One task of one run: the key of a task instance.
///
/// `mapIndex` is -1 for a task that is not mapped, as in Airflow.
package struct TaskInstanceKey: Hashable, Sendable, Codable, CustomStringConvertible {
    package let run: RunKey
    package let task: TaskID
    package let mapIndex: Int

    package init(run: RunKey, task: TaskID, mapIndex: Int = -1) {
        self.run = run
        self.task = task
        self.mapIndex = mapIndex
    }

    package var description: String { mapIndex < 0 ? "\(run)/\(task)" : "\(run)/\(task)[\(mapIndex)]" }
}
