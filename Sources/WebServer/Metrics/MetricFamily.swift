/// Figures of one part of the program, asked for each time `/metrics` is.
package protocol MetricsSource: Sendable {
    /// Bounded in number; a label never holds what outsiders choose freely.
    func families() async throws -> [MetricFamily]
}

/// A metric with its samples, as Prometheus understands it.
package struct MetricFamily: Sendable, Hashable {
    /// What kind of figure it is.
    package enum Kind: String, Sendable, Hashable {
        /// Only grows, but for restarts; its name ends in `_total`.
        case counter
        case gauge
        /// Samples with the suffixes `_sum` and `_count`, and quantiles.
        case summary
    }

    /// One figure.
    package struct Sample: Sendable, Hashable {
        package let labels: [Label]
        package let value: Double
        /// `_sum` or `_count` for a summary's; empty otherwise.
        package let suffix: String

        package init(_ value: Double, labels: [Label] = [], suffix: String = "") {
            self.labels = labels
            self.value = value
            self.suffix = suffix
        }
    }

    /// A name and its value.
    package struct Label: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package let samples: [Sample]

    package init(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A metric with one sample.
    package init(_ name: String, _ kind: Kind, help: String, _ value: Double) {
        self.init(name, kind, help: help, [Sample(value)])
    }
}

/// Figures asked for by a closure.
package struct ClosureMetrics: MetricsSource {
    private let make: @Sendable () async throws -> [MetricFamily]

    package init(_ make: @escaping @Sendable () async throws -> [MetricFamily]) { self.make = make }

    package func families() async throws -> [MetricFamily] { try await make() }
}
