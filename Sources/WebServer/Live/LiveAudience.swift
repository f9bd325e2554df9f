/// Everyone who listens, by topic, and what each has had: a value that decides whom to wake and whom to give up.
struct LiveAudience: Sendable {
    typealias Bell = AsyncStream<Void>.Continuation

    private struct Group: Sendable {
        var ring = FrameRing()
        var listeners: Set<Int> = []
        var status = ""
    }

    private struct Member: Sendable {
        var topic: LiveTopic
        /// The number of the first frame that it has not had.
        var next: Int
        var needsResync = false
        /// Since when something waits for it, in seconds of ``seconds``.
        var waitsSince: Int
        let bell: Bell
        let giveUp: @Sendable () -> Void
    }

    private var groups: [LiveTopic: Group] = [:]
    private var members: [Int: Member] = [:]
    private var lastNumber = 0
    /// What anybody wants: asked for every message, so it is kept.
    private var wantedOfAll: Set<LiveKind> = []
    private var wanted: [LiveMarketID: Set<LiveKind>] = [:]
    /// Counted by ``stuck(longerThan:)``.
    private(set) var seconds = 0
    private(set) var sentFrames = 0
    private(set) var shedFrames = 0
    private(set) var givenUp = 0

    var topics: [LiveTopic] { Array(groups.keys) }
    /// Whether anybody listens to markets.
    var isWanted: Bool { groups.keys.contains { $0.form != .board } }
    var sockets: Int { members.values.count { $0.topic.form == .messages } }
    var eventStreams: Int { members.count - sockets }
    /// Listeners who have not had everything yet.
    var behind: Int {
        members.values.count { $0.needsResync || $0.next < groups[$0.topic]?.ring.next ?? 0 }
    }

    func wants(_ id: LiveMarketID, _ kind: LiveKind) -> Bool {
        wantedOfAll.contains(kind) || wanted[id]?.contains(kind) ?? false
    }

    // MARK: - Coming and going

    mutating func join(_ topic: LiveTopic, bell: Bell, giveUp: @escaping @Sendable () -> Void) -> Int {
        lastNumber += 1
        members[lastNumber] = Member(topic: topic, next: 0, waitsSince: seconds, bell: bell, giveUp: giveUp)
        enter(lastNumber, topic)
        return lastNumber
    }

    mutating func move(_ number: Int, to topic: LiveTopic) {
        guard let member = members[number] else { return }
        exit(number, member.topic)
        members[number]?.topic = topic
        enter(number, topic)
    }

    mutating func leave(_ number: Int) -> Bell? {
        guard let member = members.removeValue(forKey: number) else { return nil }
        exit(number, member.topic)
        return member.bell
    }

    /// Lets everyone go.
    mutating func removeAll() -> [Bell] {
        let bells = members.values.map(\.bell)
        (groups, members, wanted, wantedOfAll) = ([:], [:], [:], [])
        return bells
    }

    private mutating func enter(_ number: Int, _ topic: LiveTopic) {
        groups[topic, default: Group()].listeners.insert(number)
        members[number]?.next = groups[topic]?.ring.next ?? 0
        if groups[topic]?.listeners.count == 1 { noteWanted() }
    }

    private mutating func exit(_ number: Int, _ topic: LiveTopic) {
        groups[topic]?.listeners.remove(number)
        guard groups[topic]?.listeners.isEmpty ?? true else { return }
        groups[topic] = nil
        noteWanted()
    }

    private mutating func noteWanted() {
        (wanted, wantedOfAll) = ([:], [])
        for topic in groups.keys {
            guard let markets = topic.markets else {
                wantedOfAll.formUnion(topic.kindsOfAll)
                continue
            }
            for (id, kinds) in markets { wanted[id, default: []].formUnion(kinds) }
        }
    }

    // MARK: - Frames

    func bell(of number: Int) -> Bell? { members[number]?.bell }

    /// Keeps a frame for a topic's listeners; returns whom to wake.
    mutating func add(_ frame: LiveFrame, to topic: LiveTopic) -> [Bell] {
        guard let number = groups[topic]?.ring.next else { return [] }
        // In place: a copy of the ring for each frame would cost more than the frame.
        groups[topic]?.ring.append(frame)
        return (groups[topic]?.listeners ?? []).compactMap { listener in
            if members[listener]?.next == number { members[listener]?.waitsSince = seconds }
            return members[listener]?.bell
        }
    }

    /// Remembers a topic's status; false when it was known.
    mutating func isNews(_ status: String, for topic: LiveTopic) -> Bool {
        guard let known = groups[topic]?.status, known != status else { return false }
        groups[topic]?.status = status
        return true
    }

    /// What a listener has not had yet.
    mutating func take(_ number: Int) -> LiveDelivery {
        guard let member = members[number], let ring = groups[member.topic]?.ring else { return .over }
        members[number]?.next = ring.next
        if member.needsResync {
            members[number]?.needsResync = false
            return .resync(missed: 0)
        }
        guard let frames = ring.frames(from: member.next) else {
            shedFrames += ring.first - member.next
            return .resync(missed: ring.first - member.next)
        }
        sentFrames += frames.count
        return frames.isEmpty ? .nothing : .frames(Array(frames))
    }

    /// Lets everyone who listens to markets begin again; returns whom to wake.
    mutating func resyncAll() -> [Bell] {
        for (number, member) in members where member.topic.form != .board { members[number]?.needsResync = true }
        return members.values.map(\.bell)
    }

    /// Lets a second pass; gives up those for whom something has waited too long, and returns them.
    mutating func stuck(longerThan limit: Int) -> [(bell: Bell, giveUp: @Sendable () -> Void)] {
        seconds += 1
        let stuck = members.filter { _, member in
            seconds - member.waitsSince > limit && member.next < groups[member.topic]?.ring.next ?? 0
        }
        for number in stuck.keys { _ = leave(number) }
        givenUp += stuck.count
        return stuck.values.map { ($0.bell, $0.giveUp) }
    }
}
