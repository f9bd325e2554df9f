import Logging

/// `/metrics`: every source's figures; one that cannot be asked says so and does not silence the others.
struct MetricsReport: Sendable {
    let sources: [(name: String, source: any MetricsSource)]
    let patience: Duration
    let logger: Logger

    func text() async -> String {
        var families: [MetricFamily] = []
        var answered: [MetricFamily.Sample] = []
        for (name, source) in sources {
            let found: [MetricFamily]?
            do {
                found = try await within(patience) { try await source.families() }
            } catch {
                logger.debug("metrics without a source", metadata: ["source": "\(name)", "error.message": "\(error)"])
                found = nil
            }
            families += found ?? []
            answered.append(.init(found == nil ? 0 : 1, labels: [.init("source", name)]))
        }
        let up = MetricFamily(
            "cryptoflow_metrics_source_up", .gauge, help: "Whether this part of the figures could be had.", answered)
        return MetricsText.text([up] + families)
    }
}
