import CivilTime
import DAGModel

/// `/models/{id}`: everything about a model, as the template `model` shows it.
struct OneModelPage {
    let facts: ModelFacts
    let words: TimeWords

    private var summary: ModelSummary { facts.summary }

    var view: [String: Any] {
        var view: [String: Any] = [
            "name": summary.name, "id": Int(summary.id), "isInUse": summary.isInUse,
            "created": words.view(summary.createdAt), "verdict": ModelWords.short(summary.verdict),
            "isBetter": summary.verdict == .better,
            "verdictText": ModelWords.long(summary.verdict, hadRival: facts.inUse != nil),
            "reason": summary.reason, "sha256": facts.sha256,
            "training": facts.training.map { ["name": $0.name, "value": $0.value] },
            "parameters": facts.parameters.map { ["name": $0.name, "value": $0.value] },
            "features": facts.features.map { "\($0.name) (version \($0.version))" }.joined(separator: ", "),
        ]
        if let promoted = summary.promotedAt { view["promoted"] = words.view(promoted) }
        if let run = facts.run {
            var link: [String: Any] = [
                "href": PageLink.run(DAGID(run.dag), run.run), "dag": run.dag, "run": run.run,
            ]
            link["task"] = run.task
            view["run"] = link
        }
        addScores(to: &view)
        addWindows(to: &view)
        let calibration = CalibrationPlot(bins: facts.calibration)
        if !calibration.isEmpty { view["calibration"] = calibration.html.html }
        let importance = ImportanceTable(features: facts.features)
        if !importance.isEmpty { view["importance"] = importance.html.html }
        addDrift(to: &view)
        return view
    }

    private func addScores(to view: inout [String: Any]) {
        view["markets"] = facts.markets.map { Self.row($0.name, $0.hours) }
        view["anyMarkets"] = !facts.markets.isEmpty
        guard let judged = summary.judged else { return }
        view["judged"] = ["from": Self.time(judged.from), "until": Self.time(judged.until)]
        view["hasInUse"] = facts.inUse != nil
        view["inUseName"] = facts.inUseName ?? "model in use then"
        view["scores"] = Score.all.map { score -> [String: Any] in
            [
                "score": score.name, "better": score.better, "model": score.text(judged.model),
                "naive": score.text(judged.naive), "inUse": facts.inUse.map(score.text) ?? "",
                "hold": score.isProfit ? NumberText.percent(judged.buyAndHold, signed: true) : "",
            ]
        }
    }

    private func addWindows(to view: inout [String: Any]) {
        guard !facts.windows.isEmpty else { return }
        view["hasWindows"] = true
        view["rmsePlot"] = WindowPlot.rmse(facts.windows).html.html
        view["lossPlot"] = WindowPlot.logLoss(facts.windows).html.html
        var rows = facts.windows.map { Self.row(Self.time($0.from) + " – " + Self.time($0.until), $0) }
        if let all = facts.allWindows { rows.append(Self.row("all windows", all)) }
        view["windows"] = rows
        let better = facts.windows.count { $0.model.rmse < $0.naive.rmse }
        view["windowNote"] =
            "The model's error was below the naive forecast's in \(better) of \(facts.windows.count) windows."
    }

    private func addDrift(to view: inout [String: Any]) {
        guard let newest = facts.drift.map(\.checkedAt).max() else { return }
        let warnings = facts.drift.count(where: \.warns)
        view["drift"] = [
            "checked": words.view(newest),
            "summary": warnings == 0
                ? "Nothing has moved beyond its limit."
                : "\(warnings) of \(facts.drift.count) measures beyond the limit. A warning stops nothing.",
            "rows": facts.drift.map { finding -> [String: Any] in
                [
                    "measure": Self.measure(finding.measure), "subject": finding.subject, "warns": finding.warns,
                    "value": finding.value.map { NumberText.fixed($0, decimals: 3) } ?? "–",
                    "threshold": NumberText.fixed(finding.threshold, decimals: 3), "detail": finding.detail,
                ]
            },
        ]
    }

    private static func measure(_ token: String) -> String {
        switch token {
        case "psi": "input moved (PSI)"
        case "rmse_7d": "error of 7 days"
        case "coverage_7d": "band of 7 days"
        default: token
        }
    }

    private static func row(_ name: String, _ hours: ModelHours) -> [String: Any] {
        [
            "name": name, "hours": NumberText.grouped(String(hours.model.rows)),
            "rmse": NumberText.fixed(hours.model.rmse, decimals: 5),
            "naiveRMSE": NumberText.fixed(hours.naive.rmse, decimals: 5),
            "loss": NumberText.fixed(hours.model.logLoss, decimals: 4),
            "naiveLoss": NumberText.fixed(hours.naive.logLoss, decimals: 4),
            "profit": NumberText.percent(hours.model.paperProfit, signed: true),
            "hold": NumberText.percent(hours.buyAndHold, signed: true),
        ]
    }

    /// `2026-11-01 23:00` of ISO 8601.
    private static func time(_ text: String) -> String { String(text.replacing("T", with: " ").prefix(16)) }

    /// A row of the table of scores.
    private struct Score {
        let name: String
        let better: String
        let text: (ModelFigures) -> String
        var isProfit = false

        static var all: [Score] {
            [
                Score(name: "Hours of markets", better: "") { NumberText.grouped(String($0.rows)) },
                Score(name: "Root mean squared error", better: "lower") { NumberText.fixed($0.rmse, decimals: 5) },
                Score(name: "Mean absolute error", better: "lower") { NumberText.fixed($0.mae, decimals: 5) },
                Score(name: "Log loss of the class", better: "lower") { NumberText.fixed($0.logLoss, decimals: 4) },
                Score(name: "Right directions", better: "higher") { share($0.directionalAccuracy) },
                Score(name: "Right classes", better: "higher") { share($0.accuracy) },
                Score(name: "Calibration error", better: "lower") {
                    $0.calibrationError.map { NumberText.fixed($0, decimals: 4) } ?? "–"
                },
                Score(name: "Outcomes in the 80 % band", better: "near 80 %") { share($0.bandCoverage) },
                Score(
                    name: "Paper profit after fees", better: "higher",
                    text: { NumberText.percent($0.paperProfit, signed: true) }, isProfit: true),
                Score(name: "Paper trades", better: "") { NumberText.grouped(String($0.paperTrades)) },
            ]
        }

        private static func share(_ value: Double?) -> String { value.map { NumberText.percent($0) } ?? "–" }
    }
}
