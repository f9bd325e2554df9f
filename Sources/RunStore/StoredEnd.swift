import CivilTime
import DAGModel
import Execution

/// An attempt's end as a worker writes it for the leader.
struct StoredEnd: Codable {
    let state: AttemptState
    var reason: String?
    var isRetryable: Bool
    var exitCode: Int32?
    /// None or one: an output may be null.
    var output: [JSONValue]
    var assetChanges: [AssetChange]
    var skips: DownstreamSkip?
    var failureKind: FailureKind?
    var until: Timestamp?
    var isPoll: Bool?
    var mapName: String?
    var takenAt: Timestamp?
    var isInterrupted: Bool

    init(_ end: AttemptEnd) {
        state = end.state
        reason = end.reason
        isRetryable = end.isRetryable
        exitCode = end.exitCode
        output = end.output.map { [$0] } ?? []
        assetChanges = end.assetChanges
        skips = end.skips
        failureKind = end.failureKind
        until = end.deferral?.until
        isPoll = end.deferral?.isPoll
        mapName = end.mapName
        takenAt = end.takenAt
        isInterrupted = end.isInterrupted
    }

    func end(of attempt: AttemptID) -> AttemptEnd {
        AttemptEnd(
            attempt: attempt, state: state, reason: reason, isRetryable: isRetryable, exitCode: exitCode,
            output: output.first, assetChanges: assetChanges, skips: skips, failureKind: failureKind,
            deferral: until.map { Deferral(until: $0, isPoll: isPoll ?? false) }, mapName: mapName, takenAt: takenAt,
            isInterrupted: isInterrupted)
    }
}
