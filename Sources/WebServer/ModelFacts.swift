package import CivilTime

/// Everything the page of a model shows.
package struct ModelFacts: Hashable, Sendable {
    /// A market's name and how its judged hours went.
    package struct Market: Hashable, Sendable {
        package var name: String
        package var hours: ModelHours

        package init(name: String, hours: ModelHours) {
            self.name = name
            self.hours = hours
        }
    }

    /// An input and how much it was used, as shares of all use.
    package struct Feature: Hashable, Sendable {
        package var name: String
        package var version: Int
        /// Nil when the model does not say.
        package var useForReturn: Double?
        package var useForClass: Double?

        package init(name: String, version: Int, useForReturn: Double?, useForClass: Double?) {
            self.name = name
            self.version = version
            self.useForReturn = useForReturn
            self.useForClass = useForClass
        }
    }

    /// Forecast probability of `up` beside how often it came; nil in an empty bin.
    package struct Bin: Hashable, Sendable {
        package var from: Double
        package var to: Double
        package var rows: Int
        package var meanProbability: Double?
        package var frequency: Double?

        package init(from: Double, to: Double, rows: Int, meanProbability: Double?, frequency: Double?) {
            self.from = from
            self.to = to
            self.rows = rows
            self.meanProbability = meanProbability
            self.frequency = frequency
        }
    }

    /// A finding of the newest drift check.
    package struct Drift: Hashable, Sendable {
        package var checkedAt: Timestamp
        package var measure: String
        package var subject: String
        package var value: Double?
        package var threshold: Double
        package var warns: Bool
        package var detail: String

        package init(
            checkedAt: Timestamp, measure: String, subject: String, value: Double?, threshold: Double, warns: Bool,
            detail: String
        ) {
            self.checkedAt = checkedAt
            self.measure = measure
            self.subject = subject
            self.value = value
            self.threshold = threshold
            self.warns = warns
            self.detail = detail
        }
    }

    /// A name with its value, both for people.
    package struct Fact: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The run that made a model.
    package struct Run: Hashable, Sendable {
        package var dag: String
        package var run: String
        package var task: String?

        package init(dag: String, run: String, task: String?) {
            self.dag = dag
            self.run = run
            self.task = task
        }
    }

    package var summary: ModelSummary
    package var sha256: String
    /// The model that was in use when this one was judged, on the same hours.
    package var inUse: ModelFigures?
    package var inUseName: String?
    package var markets: [Market]
    /// Oldest first.
    package var windows: [ModelHours]
    package var allWindows: ModelHours?
    package var features: [Feature]
    package var calibration: [Bin]
    package var drift: [Drift]
    package var training: [Fact]
    package var parameters: [Fact]
    package var run: Run?

    package init(
        summary: ModelSummary, sha256: String, inUse: ModelFigures?, inUseName: String?, markets: [Market],
        windows: [ModelHours], allWindows: ModelHours?, features: [Feature], calibration: [Bin], drift: [Drift],
        training: [Fact], parameters: [Fact], run: Run?
    ) {
        self.summary = summary
        self.sha256 = sha256
        self.inUse = inUse
        self.inUseName = inUseName
        self.markets = markets
        self.windows = windows
        self.allWindows = allWindows
        self.features = features
        self.calibration = calibration
        self.drift = drift
        self.training = training
        self.parameters = parameters
        self.run = run
    }
}
