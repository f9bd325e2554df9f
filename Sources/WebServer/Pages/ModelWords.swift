/// Verdicts and records in plain words.
///
/// "Not better than naive" is a normal outcome, and reads as one.
enum ModelWords {
    static let naive = "The naive forecast says that the price stays as it is."

    static func short(_ verdict: ModelSummary.Verdict) -> String {
        switch verdict {
        case .better: "better"
        case .notBetter: "not better"
        case .notJudged: "not judged"
        }
    }

    /// - Parameter hadRival: whether a model was in use when this one was judged.
    static func long(_ verdict: ModelSummary.Verdict, hadRival: Bool) -> String {
        let others = hadRival ? "the naive forecast and the model in use then" : "the naive forecast"
        return switch verdict {
        case .better: "Better than \(others), on hours none of them had seen."
        case .notBetter:
            "Not better than \(others). That is a normal outcome: the next hour's price is hard to foresee. "
                + "The retraining did not put it into use."
        case .notJudged:
            "Not judged: there were too few hours to compare it on. The retraining did not put it into use."
        }
    }

    /// How live forecasts did, as sentences.
    static func record(_ record: ForecastRecord, isNaive: Bool, days: Int) -> String {
        guard record.hours > 0 else {
            return "No outcome of a forecast made in time is known yet, so there is no record."
        }
        let span = "Over the last \(days) days (\(record.hours) hour\(record.hours == 1 ? "" : "s"))"
        let coverage = record.coverage.map {
            "\(NumberText.fixed($0 * 100, decimals: 0)) % of the outcomes lay in the 80 % band"
        }
        if isNaive {
            let error = record.rmse.map { "the naive forecast's error (RMSE) was \(NumberText.percent($0))" }
            let parts = [error, coverage].compactMap { $0 }
            return parts.isEmpty ? "" : span + ", " + parts.joined(separator: "; ") + "."
        }
        guard let ratio = record.ratio else { return span + (coverage.map { ", \($0)." } ?? ", nothing moved.") }
        var text = span + ", its error (RMSE) was \(NumberText.fixed(ratio, decimals: 3)) times the naive forecast's"
        text += ratio < 0.9995 ? ": better." : ratio < 1.0005 ? ": the same." : ": not better, which is common."
        if let coverage { text += " " + coverage.prefix(1).uppercased() + coverage.dropFirst() + "." }
        return text
    }
}

extension PageLink {
    static func model(_ id: Int64) -> String { "/models/\(id)" }
}
