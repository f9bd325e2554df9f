/// What a training can be told; the defaults are those of the daily retraining.
package struct TrainingParameters: Codable, Sendable, Hashable {
    /// Boosting rounds.
    package var rounds = 120
    /// Learning rate.
    package var eta = 0.05
    package var maxDepth = 3
    /// The least sum of hessians in a leaf.
    package var minChildWeight = 30.0
    /// Share of rows a tree sees, and of features.
    package var subsample = 0.8
    package var colsampleByTree = 0.8
    /// L2 and L1 regularisation of leaf weights.
    package var lambda = 5.0
    package var alpha = 0.0
    package var seed = 20_260_101
    /// The most hours of history before the judging window that are trained on.
    package var trainHours = 8_760
    /// Walk-forward windows, and hours in each.
    package var windows = 6
    package var windowHours = 72
    /// Hours on which candidate, model in use and naive forecast are compared.
    package var judgeHours = 168

    package init() {}

    enum CodingKeys: String, CodingKey {
        case rounds, eta, subsample, lambda, alpha, seed, windows
        case maxDepth = "max_depth"
        case minChildWeight = "min_child_weight"
        case colsampleByTree = "colsample_bytree"
        case trainHours = "train_hours"
        case windowHours = "window_hours"
        case judgeHours = "judge_hours"
    }
}
