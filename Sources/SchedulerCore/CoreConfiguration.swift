package import DAGModel

/// What the operator of a scheduler sets for its core.
package struct CoreConfiguration: Sendable {
    /// Attempts that the scheduler carries out at once, over all DAGs: Airflow's `parallelism`.
    ///
    /// Those handed over to workers are not counted: a queue without a worker must not hold up the others.
    package var parallelism = 32
    /// The queues whose tasks the scheduler carries out itself; nil for all.
    ///
    /// Tasks of other queues are handed over to workers.
    package var ownQueues: Set<String>?
    /// Whether a new DAG whose document is silent starts paused: Airflow's `dags_are_paused_at_creation`.
    package var pausesNewDAGs = true
    /// DAGs that start paused whatever their document says: a first fill unpauses them when their history is asked for.
    package var heldDAGs: Set<DAGID> = []
    /// Lost attempts in a row after which a task fails.
    package var maximumLostInARow = 3
    /// Slots of `default_pool` when the store names none.
    package var defaultPoolSlots = 128
    /// The most instances of one mapped task: Airflow's `max_map_length`.
    package var maximumMapLength = 1024
    /// Dates that a backfill looks up at a time: everything waits for a look-up, so there should be few.
    package var backfillLookupSize = 1_000

    /// Attempts that one decision starts at most; the next follows at once, after the events that came meanwhile: a run of very
    /// many tasks must not hold up the others.
    package var startsPerDecision = 500

    /// How often a notification is tried to be delivered at most.
    package var maximumDeliveries = 5

    package init() {}
}
