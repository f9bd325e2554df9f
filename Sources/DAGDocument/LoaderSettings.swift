package import CivilTime

/// How documents are read: bounds, and the installation's defaults for what a document leaves open.
package struct LoaderSettings: Sendable {
    /// A document file larger than this is an error.
    ///
    /// In bytes.
    package var maximumFileSize = 1 << 20
    /// A file that `$f` reads may not be larger.
    ///
    /// In bytes.
    package var maximumTextFileSize = 1 << 20
    package var limits = YAMLLimits()
    /// A plain cron string gives each run the interval that ended at its instant, as Airflow 2 did
    /// (Airflow's `create_cron_data_intervals`); false for an empty interval, Airflow 3's default.
    package var createsCronDataIntervals = false
    /// For cron strings of documents that name no zone.
    package var zone = TimeZoneRules.utc
    /// `catchup` of documents that do not say.
    package var catchupByDefault = false
    package var maxActiveRuns = 16
    package var maxActiveTasks = 16
    package var maxConsecutiveFailedRuns = 0
    package var retries = 0
    package var executionTimeout: Duration?

    package init() {}
}
