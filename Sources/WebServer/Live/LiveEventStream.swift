import Hummingbird
import NIOCore

/// A stream of server-sent events: a snapshot, then what happens.
///
/// A browser that was away begins with a snapshot again, so the id of the last event it had does not matter.
struct LiveEventStream: Sendable {
    let hub: LiveHub
    let topic: LiveTopic
    /// The first events, and those after a loss.
    let snapshot: @Sendable () async throws -> String

    /// Writes until the listener goes, is given up, or the hub ends.
    @concurrent
    func write(to writer: inout any ResponseBodyWriter, on channel: any Channel) async throws {
        let joined = hub.join(topic) { channel.close(promise: nil) }
        guard let listener = joined else {
            // A browser asks again by itself when the server has ended.
            if !hub.isClosed { try await writer.write(ByteBuffer(string: Self.busy)) }
            return
        }
        defer { hub.leave(listener) }
        // A browser that leaves is noticed at once, not at the next write.
        channel.closeFuture.whenComplete { [hub] _ in hub.leave(listener) }
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n" + (await begin())))
        for await _ in listener.bell {
            switch hub.take(listener) {
            case .nothing: continue
            case .over: return
            case .resync: try await writer.write(ByteBuffer(string: await begin()))
            case .frames(let frames):
                if frames.count == 1, let frame = frames.first {
                    try await writer.write(frame.event)
                } else {
                    var all = ByteBuffer()
                    all.reserveCapacity(frames.reduce(0) { $0 + $1.event.readableBytes })
                    for frame in frames { all.writeImmutableBuffer(frame.event) }
                    try await writer.write(all)
                }
            }
        }
    }

    private func begin() async -> String {
        do {
            return try await within(hub.configuration.patience, snapshot)
        } catch {
            return LiveFrame.eventText("status", data: LiveStatus.unanswered.json)
        }
    }

    private static let busy = LiveFrame.eventText(
        "busy", data: "{\"text\":\"Too many pages are open; this one does not update by itself.\"}")
}
