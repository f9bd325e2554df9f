import CivilTime

/// `/models`: which model is in use, all models with their verdicts, and who changed what.
struct ModelsPage {
    let models: (any ModelPages)?
    let words: TimeWords

    private static let listed = 100
    private static let listedChanges = 20

    func page(_ request: PageRequest) async throws -> SitePage? {
        guard let models else {
            return request.segments.count == 1
                ? .view("Models", section: "models", "models", ["note": "This database has no models."]) : nil
        }
        if request.segments.count == 2 {
            guard let facts = try await models.model(request.segments[1]) else { return nil }
            return .view(facts.summary.name, section: "models", "model", OneModelPage(facts: facts, words: words).view)
        }
        async let changes = models.changes(limit: Self.listedChanges)
        let list = try await models.models(limit: Self.listed)
        return .view("Models", section: "models", "models", view(list, try await changes))
    }

    private func view(_ list: [ModelSummary], _ changes: [ModelChange]) -> [String: Any] {
        var view: [String: Any] = [
            "any": !list.isEmpty, "naiveMeans": ModelWords.naive, "models": list.map(row),
            "anyChanges": !changes.isEmpty, "changes": changes.map(change),
        ]
        if list.isEmpty {
            view["note"] =
                "No model yet: the DAG model_retraining trains one every day. Until then forecasts are naive."
        }
        // The newest change says it, also when the model is too old to be listed.
        if let newest = changes.first, let model = newest.model, let name = newest.modelName {
            view["inUse"] = [
                "href": PageLink.model(model), "name": name, "since": words.view(newest.at), "actor": newest.actor,
                "reason": newest.reason,
            ]
        } else {
            view["isNaive"] = true
        }
        return view
    }

    private func row(_ model: ModelSummary) -> [String: Any] {
        var row: [String: Any] = [
            "href": PageLink.model(model.id), "name": model.name, "isInUse": model.isInUse,
            "wasInUse": !model.isInUse && model.promotedAt != nil, "created": words.view(model.createdAt),
            "verdict": ModelWords.short(model.verdict), "isBetter": model.verdict == .better,
        ]
        if let judged = model.judged {
            row["rmse"] = NumberText.fixed(judged.model.rmse, decimals: 5)
            row["naiveRMSE"] = NumberText.fixed(judged.naive.rmse, decimals: 5)
            row["loss"] = NumberText.fixed(judged.model.logLoss, decimals: 4)
            row["naiveLoss"] = NumberText.fixed(judged.naive.logLoss, decimals: 4)
        }
        return row
    }

    private func change(_ change: ModelChange) -> [String: Any] {
        [
            "at": words.view(change.at), "now": Self.link(change.model, change.modelName),
            "before": Self.link(change.replaced, change.replacedName), "actor": change.actor,
            "reason": change.reason, "isRollback": change.isRollback,
        ]
    }

    private static func link(_ model: Int64?, _ name: String?) -> [String: Any] {
        guard let model, let name else { return ["text": "naive forecast"] }
        return ["href": PageLink.model(model), "name": name]
    }
}
