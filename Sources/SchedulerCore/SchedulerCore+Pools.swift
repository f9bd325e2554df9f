import DAGModel
import HeapModule

extension SchedulerCore {
    /// The pools by what the store holds: `default_pool` is always there, and fewer than no slots are no limit.
    static func pools(of stored: [String: Int], _ configuration: CoreConfiguration) -> [String: Int] {
        var pools = stored.mapValues { $0 < 0 ? unlimited : $0 }
        if pools["default_pool"] == nil { pools["default_pool"] = configuration.defaultPoolSlots }
        return pools
    }

    /// More slots than there can be tries.
    private static let unlimited = Int(Int32.max)

    /// Whoever waits for a pool that has grown may try again; what runs in one that has shrunk goes on.
    mutating func takePools(_ stored: [String: Int]) {
        let before = pools
        pools = Self.pools(of: stored, configuration)
        // In their order: the same events give the same decisions.
        for (name, slots) in pools.sorted(by: { $0.key < $1.key }) where slots > before[name, default: 0] {
            while let next = parkedByPool[name]?.popMax() { line(next) }
        }
    }

    /// Pools without a slot, or that are not there at all, for which tasks wait.
    package var closedPools: [String] {
        parkedByPool.filter { name, parked in
            pools[name, default: 0] == 0
                && parked.unordered.contains { runs[$0.run]?.tasks[$0.number].state == .queued }
        }.keys.sorted()
    }
}
