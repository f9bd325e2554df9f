/// Figures of one part of the program, asked for each time `/metrics` is.
protocol MetricsSource: Sendable {
    /// Bounded in number; a label never holds what outsiders choose freely.
    func families() async throws -> [MetricFamily]
}

/// A metric with its samples, as Prometheus understands it.
struct MetricFamily: Sendable, Hashable {
    /// What kind of figure it is.
    enum Kind: String, Sendable, Hashable {
        /// Only grows, but for restarts; its name ends in `_total`.
        case counter
        case gauge
        /// Samples with the suffixes `_sum` and `_count`, and quantiles.
        case summary
    }

    /// One figure.
    struct Sample: Sendable, Hashable {
        let labels: [Label]
        let value: Double
        /// `_sum` or `_count` for a summary's; empty otherwise.
        let suffix: String

        init(_ value: Double, labels: [Label] = [], suffix: String = "") {
            self.labels = labels
            self.value = value
            self.suffix = suffix
        }
    }

    /// A name and its value.
    struct Label: Sendable, Hashable {
        let name: String
        let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    let name: String
    let help: String
    let kind: Kind
    let samples: [Sample]

    init(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A metric with one sample.
    init(_ name: String, _ kind: Kind, help: String, _ value: Double) {
        self.init(name, kind, help: help, [Sample(value)])
    }
}

extension MetricFamily {
    /// Metrics of one sample each, whose names begin alike.
    static func counts(
        _ prefix: String, _ rows: [(name: String, kind: Kind, help: String, value: Int)]
    ) -> [MetricFamily] {
        rows.map { MetricFamily(prefix + $0.name, $0.kind, help: $0.help, Double($0.value)) }
    }
}

extension Duration {
    /// As a number, which is what Prometheus takes.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
