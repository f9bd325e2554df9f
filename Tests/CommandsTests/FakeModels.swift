import Commands
import ModelRegistry
import Synchronization
import TestModels

/// A registry that is only values.
final class FakeModels: ModelDesk, ModelDeskOpener {
    struct State {
        var models: [RegisteredModel] = []
        var predictions: [Prediction] = []
        /// What was put into use before, newest last.
        var replaced: [RegisteredModel?] = []
        var asked: [String] = []
        var opened: [DatabaseTarget] = []
        var closings = 0
    }

    let state: Mutex<State>

    init(_ models: [RegisteredModel] = [], predictions: [Prediction] = []) {
        state = Mutex(State(models: models, predictions: predictions))
    }

    func open(_ target: DatabaseTarget) async throws -> any ModelDesk {
        state.withLock { $0.opened.append(target) }
        return self
    }

    func models(limit: Int) async throws -> [RegisteredModel] { state.withLock { Array($0.models.prefix(limit)) } }

    func model(_ reference: String) async throws -> RegisteredModel {
        let found = state.withLock { state in
            state.models.first {
                reference == "current" ? $0.isInUse : $0.name == reference || String($0.id) == reference
            }
        }
        guard let found else { throw ModelRegistryError("there is no model \"\(reference)\"") }
        return found
    }

    func promotions(limit: Int) async throws -> [ModelPromotion] { [] }

    func artefact(_ model: Int64) async throws -> String { "{\"format\":  1, \"id\":\(model)}" }

    func promote(_ reference: String?, actor: String, reason: String) async throws -> ModelPromotion? {
        state.withLock { state in
            let chosen = state.models.first { $0.name == reference }
            let before = state.models.first(where: \.isInUse)
            guard chosen?.id != before?.id else { return nil }
            state.asked.append("\(actor): \(reason)")
            return Self.change(chosen, before, actor, reason, isRollback: false)
        }
    }

    func rollBack(actor: String, reason: String) async throws -> ModelPromotion {
        try state.withLock { state in
            guard let before = state.models.first(where: \.isInUse) else {
                throw ModelRegistryError("nothing to roll back: no model was ever promoted, and forecasts are naive")
            }
            state.asked.append("\(actor): \(reason)")
            return Self.change(nil, before, actor, reason, isRollback: true)
        }
    }

    func predictions(market: String?, limit: Int) async throws -> [Prediction] {
        state.withLock { state in
            Array(state.predictions.filter { market == nil || $0.market == market }.prefix(limit))
        }
    }

    func close() async { state.withLock { $0.closings += 1 } }

    private static func change(
        _ model: RegisteredModel?, _ before: RegisteredModel?, _ actor: String, _ reason: String, isRollback: Bool
    ) -> ModelPromotion {
        ModelPromotion(
            id: 7, model: model?.id, modelName: model?.name, replaced: before?.id, replacedName: before?.name,
            promotedAt: TestModels.now, actor: actor, reason: reason, isRollback: isRollback)
    }
}
