import NIOCore
import WebSocketServer

/// Something to send, written once for every listener of a topic.
struct LiveFrame: Sendable {
    /// For event streams: a whole event.
    let event: ByteBuffer
    /// For sockets: a text message each.
    let messages: WebSocketFrames

    var bytes: Int { event.readableBytes + messages.byteCount }

    static func messages(_ texts: [String]) -> LiveFrame {
        var frames = WebSocketFrames(reservingBytes: texts.reduce(0) { $0 + $1.utf8.count + 10 })
        for text in texts { frames.append(text: text) }
        return LiveFrame(event: ByteBuffer(), messages: frames)
    }

    /// - Parameters:
    ///   - name: the event's name; nil for the default, `message`.
    ///   - data: one line of text.
    static func event(_ name: String? = nil, data: String) -> LiveFrame {
        LiveFrame(event: ByteBuffer(string: eventText(name, data: data)), messages: WebSocketFrames())
    }

    static func eventText(_ name: String? = nil, data: String) -> String {
        (name.map { "event: \($0)\n" } ?? "") + "data: \(data)\n\n"
    }
}

/// The last frames of a topic, by number: a listener keeps its place only, so it costs the same however slow it is.
struct FrameRing: Sendable {
    static let mostFrames = 256
    static let mostBytes = 1 << 20

    private var frames: [LiveFrame] = []
    private var bytes = 0
    /// The number of the next frame.
    private(set) var next = 0

    /// The number of the oldest frame that is still there.
    var first: Int { next - frames.count }

    mutating func append(_ frame: LiveFrame) {
        frames.append(frame)
        bytes += frame.bytes
        next += 1
        guard frames.count > Self.mostFrames || bytes > Self.mostBytes, frames.count > 1 else { return }
        // Half at once, so that dropping costs little for each frame.
        let dropped = max(frames.count / 2, 1)
        for frame in frames[..<dropped] { bytes -= frame.bytes }
        frames.removeFirst(dropped)
    }

    /// The frames from `number` on; nil when the first of them are gone.
    func frames(from number: Int) -> ArraySlice<LiveFrame>? {
        guard number >= first else { return nil }
        return frames[(frames.count - (next - min(number, next)))...]
    }
}
