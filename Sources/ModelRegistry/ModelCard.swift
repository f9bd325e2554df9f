/// Everything an artefact says about a model besides its boosters.
///
/// The artefact is one JSON object: the members of this card and `boosters`, with XGBoost's own JSON under `return` and
/// `class`. Times are ISO 8601 in UTC.
package struct ModelCard: Codable, Sendable, Hashable {
    /// One input, in the order of the vector.
    package struct Feature: Codable, Sendable, Hashable {
        package var name: String
        /// Rises when the formula of this name changes; a program refuses a version it does not compute.
        package var version: Int

        package init(name: String, version: Int) {
            self.name = name
            self.version = version
        }
    }

    /// A market's code as the model knows it.
    package struct MarketCode: Codable, Sendable, Hashable {
        package var exchange: String
        package var market: String
        package var code: Int

        package init(exchange: String, market: String, code: Int) {
            self.exchange = exchange
            self.market = market
            self.code = code
        }
    }

    /// What was forecast, and what trading it costs.
    package struct Target: Codable, Sendable, Hashable {
        /// A return of at most this much either way is `flat`.
        package var deadBand: Double
        /// Fee of one purchase or sale, a fraction.
        package var feePerSide: Double
        /// Classes in the order of the probabilities.
        package var classes: [String]
        /// The forecast return is the booster's output divided by this.
        package var outputScale: Double

        package init(deadBand: Double, feePerSide: Double, classes: [String], outputScale: Double) {
            self.deadBand = deadBand
            self.feePerSide = feePerSide
            self.classes = classes
            self.outputScale = outputScale
        }

        enum CodingKeys: String, CodingKey {
            case classes
            case deadBand = "dead_band"
            case feePerSide = "fee_per_side"
            case outputScale = "output_scale"
        }
    }

    /// The rows trained on.
    package struct Training: Codable, Sendable, Hashable {
        package var from: String
        package var until: String
        package var rows: Int
        /// Hours left out, by reason.
        package var dropped: [String: Int]
        /// Shares of the classes, in the order of `classes`: the naive probabilities.
        package var classShares: [Double]

        package init(from: String, until: String, rows: Int, dropped: [String: Int], classShares: [Double]) {
            self.from = from
            self.until = until
            self.rows = rows
            self.dropped = dropped
            self.classShares = classShares
        }

        enum CodingKeys: String, CodingKey {
            case from, until, rows, dropped
            case classShares = "class_shares"
        }
    }

    /// The comparison that decides about promotion.
    package struct Judgement: Codable, Sendable, Hashable {
        /// Candidate and naive forecast; nil when there were too few hours.
        package var candidate: ScoredHours?
        /// The model in use on the same hours, by name; nil when there was none.
        package var inUse: ModelScores?
        package var inUseName: String?
        package var markets: [String: ScoredHours]
        package var verdict: Verdict
        package var reason: String

        package init(
            candidate: ScoredHours?, inUse: ModelScores?, inUseName: String?, markets: [String: ScoredHours],
            verdict: Verdict, reason: String
        ) {
            self.candidate = candidate
            self.inUse = inUse
            self.inUseName = inUseName
            self.markets = markets
            self.verdict = verdict
            self.reason = reason
        }

        enum CodingKeys: String, CodingKey {
            case candidate, markets, verdict, reason
            case inUse = "in_use"
            case inUseName = "in_use_name"
        }
    }

    /// Whether a candidate may be promoted; a persisted token.
    package enum Verdict: String, Codable, Sendable, Hashable {
        case better
        case notBetter = "not_better"
        case notJudged = "not_judged"
    }

    /// The band around a forecast, in multiples of the hourly volatility (`vol_close_24h / sqrt(8760)`).
    package struct Band: Codable, Sendable, Hashable {
        package var level: Double
        package var lower: Double
        package var upper: Double

        package init(level: Double, lower: Double, upper: Double) {
            self.level = level
            self.lower = lower
            self.upper = upper
        }
    }

    /// How much a feature was used: the sum of the gains of its splits, as a share of all.
    package struct Importance: Codable, Sendable, Hashable {
        package var feature: String
        package var `return`: Double
        package var `class`: Double

        package init(feature: String, return: Double, class: Double) {
            self.feature = feature
            self.return = `return`
            self.class = `class`
        }
    }

    /// One bin of the calibration plot: forecast probability of `up` beside how often it came, walk-forward.
    package struct CalibrationBin: Codable, Sendable, Hashable {
        package var from: Double
        package var to: Double
        package var rows: Int
        /// Nil in an empty bin.
        package var meanProbability: Double?
        package var frequency: Double?

        package init(from: Double, to: Double, rows: Int, meanProbability: Double?, frequency: Double?) {
            self.from = from
            self.to = to
            self.rows = rows
            self.meanProbability = meanProbability
            self.frequency = frequency
        }

        enum CodingKeys: String, CodingKey {
            case from, to, rows, frequency
            case meanProbability = "mean_probability"
        }
    }

    /// A feature's distribution in the training, for the drift check.
    package struct Distribution: Codable, Sendable, Hashable {
        package var feature: String
        /// Ascending; k edges make k + 1 bins, each with its upper edge.
        package var edges: [Double]
        package var shares: [Double]

        package init(feature: String, edges: [Double], shares: [Double]) {
            self.feature = feature
            self.edges = edges
            self.shares = shares
        }
    }

    /// The run that made it; nil members outside a run.
    package struct Maker: Codable, Sendable, Hashable {
        package var dagID: String?
        package var runID: String?
        package var taskID: String?
        /// Of a mapped task; nil for one that is not.
        package var mapIndex: Int?
        package var attempt: String?

        package init(
            dagID: String? = nil, runID: String? = nil, taskID: String? = nil, mapIndex: Int? = nil,
            attempt: String? = nil
        ) {
            self.dagID = dagID
            self.runID = runID
            self.taskID = taskID
            self.mapIndex = mapIndex
            self.attempt = attempt
        }

        enum CodingKeys: String, CodingKey {
            case attempt
            case dagID = "dag_id"
            case runID = "run_id"
            case taskID = "task_id"
            case mapIndex = "map_index"
        }
    }

    /// Of the artefact; 1.
    package var format: Int
    package var name: String
    package var createdAt: String
    package var xgboost: String
    package var features: [Feature]
    package var encoder: [MarketCode]
    package var parameters: TrainingParameters
    package var target: Target
    package var training: Training
    /// One a window, oldest first, then all together.
    package var walkForward: [ScoredHours]
    package var walkForwardTotal: ScoredHours
    package var judgement: Judgement
    package var band: Band
    package var importance: [Importance]
    package var calibration: [CalibrationBin]
    package var distributions: [Distribution]
    package var madeBy: Maker

    package init(
        format: Int, name: String, createdAt: String, xgboost: String, features: [Feature], encoder: [MarketCode],
        parameters: TrainingParameters, target: Target, training: Training, walkForward: [ScoredHours],
        walkForwardTotal: ScoredHours, judgement: Judgement, band: Band, importance: [Importance],
        calibration: [CalibrationBin], distributions: [Distribution], madeBy: Maker
    ) {
        self.format = format
        self.name = name
        self.createdAt = createdAt
        self.xgboost = xgboost
        self.features = features
        self.encoder = encoder
        self.parameters = parameters
        self.target = target
        self.training = training
        self.walkForward = walkForward
        self.walkForwardTotal = walkForwardTotal
        self.judgement = judgement
        self.band = band
        self.importance = importance
        self.calibration = calibration
        self.distributions = distributions
        self.madeBy = madeBy
    }

    enum CodingKeys: String, CodingKey {
        case format, name, xgboost, features, encoder, parameters, target, training, judgement, band, importance
        case calibration, distributions
        case createdAt = "created_at"
        case walkForward = "walk_forward"
        case walkForwardTotal = "walk_forward_total"
        case madeBy = "made_by"
    }
}
