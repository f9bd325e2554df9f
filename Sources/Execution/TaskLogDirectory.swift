package import DAGModel

/// Where the logs of tries are: one file a try, laid out as Airflow does.
///
///     ROOT/dag_id=…/run_id=…/task_id=…/[map_index=N/]attempt=N.log
package struct TaskLogDirectory: Sendable, Hashable {
    /// The folder's absolute path.
    package let root: String
    /// What logs are not to show.
    package let mask: SecretMask

    /// `root` must be absolute: children open their logs from other working directories.
    package init(root: String, mask: SecretMask = SecretMask()) {
        self.mask = mask
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    /// The log file of one try.
    ///
    /// `mapIndex` is -1 for a task that is not mapped.
    package func path(dag: DAGID, runID: String, task: TaskID, mapIndex: Int = -1, tryNumber: Int) -> String {
        var path = runFolder(dag: dag, runID: runID)
        path += "/task_id=\(Self.encoded(task.rawValue))"
        if mapIndex >= 0 { path += "/map_index=\(mapIndex)" }
        return path + "/attempt=\(tryNumber).log"
    }

    /// The folder of a run's logs.
    func runFolder(dag: DAGID, runID: String) -> String {
        "\(root)/dag_id=\(Self.encoded(dag.rawValue))/run_id=\(Self.encoded(runID))"
    }

    /// The log file of an attempt.
    package func path(of launch: AttemptLaunch) -> String {
        path(
            dag: launch.dag.id, runID: launch.run.runID, task: launch.task.id, mapIndex: launch.mapIndex,
            tryNumber: launch.tryNumber)
    }

    /// The log to write of an attempt.
    func log(of launch: AttemptLaunch) -> TaskLog { TaskLog(path: path(of: launch), mask: mask) }

    /// Reads the log of one try.
    package func reader(
        dag: DAGID, runID: String, task: TaskID, mapIndex: Int = -1, tryNumber: Int
    ) -> TaskLogReader {
        TaskLogReader(
            path: path(dag: dag, runID: runID, task: task, mapIndex: mapIndex, tryNumber: tryNumber), mask: mask)
    }

    /// An id as one component of a path: whatever is not a plain character is percent-encoded, and an id too long for a
    /// file name is cut and told apart by a hash of the whole.
    static func encoded(_ id: String) -> String {
        // The usual id is a component as it is.
        if id.utf8.count <= 200, id.utf8.allSatisfy(isPlain) { return id }
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in id.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        guard bytes.count > 200 else { return String(decoding: bytes, as: UTF8.self) }
        // FNV-1a, 64 bits. "~" is encoded above, so a cut name meets no other id's.
        let hash = id.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(decoding: bytes.prefix(170), as: UTF8.self) + "~" + String(hash, radix: 16)
    }
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"), UInt8(ascii: "+"), UInt8(ascii: "@"), UInt8(ascii: "="), UInt8(ascii: ","):
            true
        default:
            false
        }
    }
}
