package import Logging

extension Logger.Level {
    /// The level whose token this is, in any case; nil for an unknown one.
    package init?(token: String) {
        self.init(rawValue: token.lowercased())
    }
}
