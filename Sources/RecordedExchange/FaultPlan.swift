/// The faults that are set up, and which request meets which: a value without a clock of its own.
struct FaultPlan: Sendable {
    private struct Entry: Sendable {
        let fault: Fault
        let since: Int64
        var left: Int?
        var toSkip: Int
        var random: SeededRandom
    }

    private var entries: [Entry] = []
    /// Grows when the faults are cleared, which frees requests that hang.
    private(set) var generation = 0

    /// What can still happen, in the order of setting up, with the remaining counts.
    func faults(now: Int64) -> [Fault] {
        entries.filter { !Self.isOver($0, now: now) }.map { entry in
            var fault = entry.fault
            fault.count = entry.left
            fault.skip = entry.toSkip
            return fault
        }
    }

    /// - Parameter now: nanoseconds of a clock that only goes forward.
    mutating func add(_ fault: Fault, now: Int64) {
        entries.append(
            Entry(fault: fault, since: now, left: fault.count, toSkip: fault.skip, random: SeededRandom(fault.seed)))
    }

    mutating func clear() {
        entries = []
        generation += 1
    }

    /// Whether anything is set up that could hit one of these kinds on this path.
    func mayHit(path: String, among kinds: Set<Fault.Kind>) -> Bool {
        entries.contains { kinds.contains($0.fault.kind) && path.hasPrefix($0.fault.path) }
    }

    /// The fault that a request or message meets: the first set up that matches and is due.
    mutating func take(
        path: String, market: String?, among kinds: Set<Fault.Kind> = Fault.Kind.ofRequests, now: Int64
    ) -> Fault? {
        entries.removeAll { Self.isOver($0, now: now) }
        for index in entries.indices {
            let fault = entries[index].fault
            guard kinds.contains(fault.kind), path.hasPrefix(fault.path) else { continue }
            if let wanted = fault.market {
                let codes = (market ?? "").split(separator: ",")
                guard codes.contains(where: { $0.uppercased() == wanted.uppercased() }) else { continue }
            }
            if entries[index].toSkip > 0 {
                entries[index].toSkip -= 1
                continue
            }
            if fault.probability < 1, entries[index].random.fraction() >= fault.probability { continue }
            if let left = entries[index].left { entries[index].left = left - 1 }
            return fault
        }
        return nil
    }

    private static func isOver(_ entry: Entry, now: Int64) -> Bool {
        if entry.left == 0 { return true }
        guard let lasts = entry.fault.lasts else { return false }
        return Double(now - entry.since) >= lasts * 1e9
    }
}
