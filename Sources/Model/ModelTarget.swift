package import ModelRegistry

extension ModelCard.Target {
    /// Upbit's fee for KRW markets, 0.05 % a side, is also the dead band: a smaller move is not worth a trade.
    package static let nextHour = ModelCard.Target(
        deadBand: 0.0005, feePerSide: 0.0005, classes: PriceMove.allCases.map(\.rawValue),
        outputScale: BoosterPair.outputScale)
}
