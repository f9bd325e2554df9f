/// A market that an exchange lists.
package struct MarketInfo: Sendable, Hashable {
    package var market: MarketCode
    package var koreanName: String
    package var englishName: String
    /// The exchange warns against the market; nil when it was not asked.
    package var warning: Bool?
    /// The exchange's names for what it cautions about at present, in alphabetical order.
    package var cautions: [String]

    package init(
        market: MarketCode, koreanName: String, englishName: String, warning: Bool? = nil, cautions: [String]
    ) {
        self.market = market
        self.koreanName = koreanName
        self.englishName = englishName
        self.warning = warning
        self.cautions = cautions
    }
}
