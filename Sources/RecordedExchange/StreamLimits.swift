/// Upbit's limits on WebSockets, as values: docs.upbit.com names 5 connections a second, and 5 messages a second and 100
/// a minute on each; a page's `Origin` may connect once in 10 seconds.
enum StreamLimits {
    private static let second: Int64 = 1_000_000_000

    struct Handshakes: Sendable {
        private var window = Window(length: second, most: 5)
        private var originWindow = Window(length: 10 * second, most: 1)

        /// - Parameter now: nanoseconds of a clock that only goes forward.
        mutating func admit(withOrigin: Bool, now: Int64) -> Bool {
            if withOrigin, !originWindow.admit(now: now) { return false }
            return window.admit(now: now)
        }
    }

    struct Messages: Sendable {
        private var seconds = Window(length: second, most: 5)
        private var minutes = Window(length: 60 * second, most: 100)

        mutating func admit(now: Int64) -> Bool { seconds.admit(now: now) && minutes.admit(now: now) }
    }

    private struct Window: Sendable {
        let length: Int64
        let most: Int
        var number: Int64 = -1
        var used = 0

        init(length: Int64, most: Int) {
            self.length = length
            self.most = most
        }

        mutating func admit(now: Int64) -> Bool {
            if now / length != number { (number, used) = (now / length, 0) }
            used += 1
            return used <= most
        }
    }
}
