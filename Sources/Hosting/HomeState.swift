package import CivilTime
import FoundationEssentials
package import PrivateCluster

/// What was chosen at the first start and must not change by itself: kept in the home's `state.json`.
package struct HomeState: Codable, Sendable, Hashable {
    /// Where market data comes from.
    package enum Feed: String, Codable, Sendable, CaseIterable {
        /// The exchange itself.
        case live
        /// The recorded exchange on loopback, in a database of its own.
        case recorded

        /// Recorded and real data never mix.
        package var database: String {
            switch self {
            case .live: "cryptoflow"
            case .recorded: "cryptoflow_recorded"
            }
        }
    }

    /// What is kept for one feed, since each has a database of its own.
    package struct FeedState: Codable, Sendable, Hashable {
        /// Weeks between recorded and served times.
        package var shiftWeeks: Int?
        /// The instant at which the recorded exchange's clock stands.
        package var recordedNow: Timestamp?
        /// The end of the first fill, a whole hour: chosen once, so that a fill that was broken off goes on with the same
        /// hours.
        package var fillEnd: Timestamp?
        package var isFilled = false

        package init() {}
    }

    /// The feed in use.
    package var feed: Feed?
    package var feeds: [String: FeedState] = [:]

    package init() {}

    package subscript(feed: Feed) -> FeedState {
        get { feeds[feed.rawValue] ?? FeedState() }
        set { feeds[feed.rawValue] = newValue }
    }

    /// A `state.json` that cannot be read or written.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The home's state; an empty one when it has none yet.
    package static func load(_ home: CryptoflowHome) throws -> HomeState {
        guard let data = FileManager.default.contents(atPath: home.stateFile) else { return HomeState() }
        do {
            return try JSONDecoder().decode(HomeState.self, from: data)
        } catch {
            throw Failure(
                description: "\(home.stateFile) is damaged (\(error)): mend it, or remove it to choose the feed again")
        }
    }

    /// Replaces the file in one step, so that a crash leaves the old or the new one.
    package func save(_ home: CryptoflowHome) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try encoder.encode(self).write(to: URL(filePath: home.stateFile), options: .atomic)
        } catch {
            throw Failure(description: "\(home.stateFile) cannot be written: \(error)")
        }
    }
}
