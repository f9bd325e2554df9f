import Lab

/// What a benchmark run does and where.
package struct BenchmarkSettings: Sendable {
    /// What can be measured by itself.
    package enum Part: String, Sendable, CaseIterable {
        case tasks, hops, due, shell, backfill, documents, idle, decode, stream, browser
    }

    /// How often each measurement is repeated; its median is what counts.
    package var runs = 5
    /// What is measured; the rest stays null.
    package var parts = Part.allCases
    /// Fewer repetitions and smaller loads, for a look in under two minutes.
    package var isQuick = false
    /// A folder on the disk to be measured: its file system counts.
    ///
    /// A temporary folder in it is made and removed.
    package var folder = "/var/tmp"
    /// The folder of the database's migrations.
    package var migrations: String
    /// The built `cryptoflow-scheduler`; nil when there is none, and then what needs it is not measured.
    package var schedulerProgram: String?
    /// The built `cryptoflow-stream`, likewise.
    package var streamProgram: String?
    /// This program, for the parts that must run in a process of their own.
    package var ownProgram: String

    package init(migrations: String, schedulerProgram: String?, streamProgram: String?, ownProgram: String) {
        self.migrations = migrations
        self.schedulerProgram = schedulerProgram
        self.streamProgram = streamProgram
        self.ownProgram = ownProgram
    }

    /// Settings for the program that runs, as built in a checkout.
    ///
    /// Throws ``LabFailure`` with what to do when the migrations are nowhere.
    package init(migrations: String?, scheduler: String?) throws {
        let built = try BuiltPrograms()
        self.init(
            migrations: try migrations ?? built.migrations(),
            schedulerProgram: scheduler ?? built.path(of: "cryptoflow-scheduler"),
            streamProgram: built.path(of: "cryptoflow-stream"), ownProgram: built.own)
    }

    var repetitions: Int { isQuick ? min(runs, 2) : runs }
    /// How long the idle scheduler is watched.
    var idleSeconds: Int { isQuick ? 10 : 60 }
}
