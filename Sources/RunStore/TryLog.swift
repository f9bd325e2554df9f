package import DAGModel
package import Execution

/// The log of a try, wherever it is: in a file of this machine, or in the database, where workers store theirs.
///
/// The file is preferred, since it is whole.
package struct TryLog: Sendable {
    private let history: any RunHistory
    private let file: TaskLogReader?
    private let instance: TaskInstanceKey
    private let tryNumber: Int

    /// `logs` is where this machine's logs are; nil when it has none.
    package init(
        history: any RunHistory, logs: TaskLogDirectory?, dag: DAGID, runID: String, instance: TaskInstanceKey,
        tryNumber: Int
    ) {
        self.history = history
        self.instance = instance
        self.tryNumber = tryNumber
        file = logs.map { logs in
            logs.reader(
                dag: dag, runID: runID, task: instance.task, mapIndex: instance.mapIndex, tryNumber: tryNumber)
        }
    }

    /// Where the file would be on this machine; nil when it has no logs.
    package var path: String? { file?.path }

    /// Whether there is a log at all: a task that said nothing has none.
    package func exists() async throws -> Bool {
        if let file, file.exists { return true }
        return try await history.shippedLog(of: instance, tryNumber: tryNumber, from: 0, limit: 8) != nil
    }

    /// At most `limit` bytes from `offset` on; an empty text when nothing is there (yet).
    ///
    /// - Parameter isGrowing: whether more may be written: then what may be the beginning of a secret waits for the rest of it.
    package func chunk(
        from offset: Int64, limit: Int = TaskLogReader.defaultLimit, isGrowing: Bool = false
    ) async throws -> TaskLogReader.Chunk {
        if let file, file.exists { return file.chunk(from: offset, limit: limit, isGrowing: isGrowing) }
        let nothing = TaskLogReader.Chunk(text: "", start: offset, next: offset, size: 0)
        return try await history.shippedLog(of: instance, tryNumber: tryNumber, from: offset, limit: limit) ?? nothing
    }

    /// The whole log when it is within `limit` bytes; else its end, from the start of a line on.
    package func tail(limit: Int = TaskLogReader.defaultLimit) async throws -> TaskLogReader.Chunk {
        if let file, file.exists { return file.tail(limit: limit) }
        var offset: Int64 = 0
        var piece = try await chunk(from: 0, limit: limit)
        var text = piece.text
        if piece.size > Int64(limit) {
            offset = piece.size - Int64(limit)
            piece = try await chunk(from: offset, limit: limit)
            text = piece.text
        }
        while piece.next > piece.start, piece.next < piece.size {
            piece = try await chunk(from: piece.next, limit: limit)
            text += piece.text
        }
        if offset > 0, let newline = text.utf8.firstIndex(of: UInt8(ascii: "\n")) {
            text.removeSubrange(...newline)
        }
        return TaskLogReader.Chunk(text: text, start: offset, next: piece.next, size: piece.size)
    }

    /// Every piece of the log, also what is added later, until `isOver` says that the try has ended; then the rest.
    package func follow(
        every interval: Duration, until isOver: @Sendable () async -> Bool,
        _ body: (TaskLogReader.Chunk) async throws -> Void
    ) async throws {
        var offset: Int64 = 0
        while true {
            // Asked before reading: what was written before the end is then read for sure.
            let over = await isOver()
            while true {
                let piece = try await chunk(from: offset, isGrowing: !over)
                if piece.next == offset { break }
                offset = piece.next
                try await body(piece)
            }
            if over { return }
            try await Task.sleep(for: interval)
        }
    }
}
