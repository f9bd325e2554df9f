import CivilTime
import DAGModel
import ModelRegistry

/// Everything about a model as text.
struct ModelReport {
    let model: RegisteredModel
    let shapes: RecordShapes
    let isColourful: Bool

    private var card: ModelCard { model.card }

    var text: String {
        var parts = [facts.text(isColourful: isColourful)]
        if let judged = card.judgement.candidate {
            parts.append(section("Judged on \(span(judged.from, judged.until))", judgement(judged)))
        }
        if !card.judgement.markets.isEmpty {
            let markets = card.judgement.markets.sorted { $0.key < $1.key }
            parts.append(section("Per market", hours(markets.map { ($0.key, $0.value) })))
        }
        let windows = card.walkForward.enumerated().map { ("\($0.offset + 1)", $0.element) }
        parts.append(section("Walk-forward", hours(windows + [("all", card.walkForwardTotal)])))
        parts.append(section("Features", features))
        parts.append(section("Label encoder", encoder))
        parts.append(section("Parameters", "", fields: parameters))
        return parts.joined(separator: "\n\n")
    }

    private func section(_ title: String, _ table: TextTable) -> String {
        section(title, table.text(isColourful: isColourful))
    }

    private func section(_ title: String, _ body: String, fields: FieldList? = nil) -> String {
        title + "\n" + (fields?.text(isColourful: isColourful) ?? body)
    }

    private func span(_ from: String, _ until: String) -> String { "\(from) … \(until)" }

    private var facts: FieldList {
        var list = FieldList()
        let judgement = card.judgement
        list.add("model", model.name)
        list.add("id", String(model.id))
        list.add("state", state, model.isInUse ? .active : .plain)
        list.add("verdict", judgement.sentence, judgement.verdict.tone)
        list.add("created", shapes.shortText(model.createdAt))
        list.add("trained on", "\(span(card.training.from, card.training.until)), \(card.training.rows) rows")
        let dropped = card.training.dropped.sorted { $0.key < $1.key }.map {
            "\($0.value) \($0.key.replacing("_", with: " "))"
        }
        list.add("left out", dropped.joined(separator: ", "))
        let shares = zip(card.target.classes, card.training.classShares).map { "\($0) \(FigureText.percent($1))" }
        list.add(
            "classes", shares.joined(separator: ", ") + "; flat is within \(FigureText.percent(card.target.deadBand))")
        list.add(
            "band",
            "\(FigureText.percent(card.band.level)): \(FigureText.fixed(card.band.lower, 3)) to "
                + "\(FigureText.fixed(card.band.upper, 3)) times the hourly volatility")
        list.add("made by", maker)
        list.add("XGBoost", card.xgboost)
        list.add("sha256", model.sha256)
        return list
    }

    private var state: String {
        if model.isInUse { return "in use since \(shapes.shortText(model.promotedAt))" }
        return model.promotedAt.map { "not in use; last promoted \(shapes.shortText($0))" } ?? "never promoted"
    }

    private var maker: String? {
        guard let dag = card.madeBy.dagID, let run = card.madeBy.runID else { return "no run: trained by hand" }
        let task = card.madeBy.taskID.map { ", task \($0)" } ?? ""
        return "DAG \(dag), run \(run)\(task)" + (card.madeBy.attempt.map { ", attempt \($0)" } ?? "")
    }

    /// Scores as rows: model, naive, model in use, buy and hold.
    private func judgement(_ judged: ScoredHours) -> TextTable {
        let inUse = card.judgement.inUse
        var table = TextTable(
            .init("SCORE"), .init("MODEL", .right), .init("NAIVE", .right),
            .init(inUse == nil ? "" : "IN USE THEN", .right), .init("HOLDING", .right))
        for score in ModelScoreRow.all {
            table.add(
                .init(score.name), .init(score.text(judged.model)), .init(score.text(judged.naive)),
                .init(inUse.map(score.text)),
                .init(score.isProfit ? FigureText.percent(judged.buyAndHold, signed: true) : ""))
        }
        return table
    }

    /// A line for each stretch of hours.
    private func hours(_ rows: [(String, ScoredHours)]) -> TextTable {
        var table = TextTable(
            .init(""), .init("FROM"), .init("UNTIL"), .init("ROWS", .right), .init("RMSE", .right),
            .init("NAIVE", .right), .init("LOG LOSS", .right), .init("NAIVE", .right), .init("DIRECTION", .right),
            .init("IN BAND", .right), .init("PAPER", .right), .init("HOLDING", .right))
        for (name, hours) in rows {
            let model = hours.model
            table.add(
                .init(name), .init(hours.from), .init(hours.until), .init(String(model.rows)),
                .init(FigureText.error(model.rmse)), .init(FigureText.error(hours.naive.rmse)),
                .init(FigureText.loss(model.logLoss)), .init(FigureText.loss(hours.naive.logLoss)),
                .init(FigureText.percent(model.directionalAccuracy)), .init(FigureText.percent(model.bandCoverage)),
                .init(FigureText.percent(model.paperProfit, signed: true)),
                .init(FigureText.percent(hours.buyAndHold, signed: true)))
        }
        return table
    }

    private var features: TextTable {
        var table = TextTable(
            .init("FEATURE"), .init("VERSION", .right), .init("USE FOR RETURN", .right), .init("FOR CLASS", .right))
        for feature in card.features {
            let use = card.importance.first { $0.feature == feature.name }
            table.add(
                .init(feature.name), .init(String(feature.version)), .init(FigureText.percent(use?.return)),
                .init(FigureText.percent(use?.class)))
        }
        return table
    }

    private var encoder: TextTable {
        var table = TextTable(.init("EXCHANGE"), .init("MARKET"), .init("CODE", .right))
        for code in card.encoder { table.add(.init(code.exchange), .init(code.market), .init(String(code.code))) }
        return table
    }

    private var parameters: FieldList {
        var list = FieldList()
        let members = ModelShapes.value(card.parameters).objectValue ?? [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) { list.add(name, value.jsonText) }
        return list
    }
}

/// A score as tables show it.
struct ModelScoreRow {
    let name: String
    let text: (ModelScores) -> String
    var isProfit = false

    static var all: [ModelScoreRow] {
        [
            ModelScoreRow(name: "hours of markets") { String($0.rows) },
            ModelScoreRow(name: "mean absolute error") { FigureText.error($0.mae) },
            ModelScoreRow(name: "RMSE") { FigureText.error($0.rmse) },
            ModelScoreRow(name: "right directions") { FigureText.percent($0.directionalAccuracy) },
            ModelScoreRow(name: "log loss") { FigureText.loss($0.logLoss) },
            ModelScoreRow(name: "right classes") { FigureText.percent($0.accuracy) },
            ModelScoreRow(name: "calibration error") { FigureText.loss($0.calibrationError) },
            ModelScoreRow(name: "outcomes in the band") { FigureText.percent($0.bandCoverage) },
            ModelScoreRow(
                name: "paper profit after fees", text: { FigureText.percent($0.paperProfit, signed: true) },
                isProfit: true),
            ModelScoreRow(name: "paper trades") { String($0.paperTrades) },
        ]
    }
}
