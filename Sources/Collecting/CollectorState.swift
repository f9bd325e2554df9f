/// What a collector does, as status pages and metrics show it.
///
///     starting → running ⇄ stalled → reconnecting → running …
///     any → failing (what it tries does not work, again and again) → running
///     any → stopped
package enum CollectorState: String, Sendable, Hashable, CaseIterable {
    /// Not connected yet, for the first time.
    case starting
    /// Good messages come.
    case running
    /// Connected, but no good message for longer than the markets' activity allows.
    case stalled
    /// The connection was lost; the next try is under way or due.
    case reconnecting
    /// Ended on request.
    case stopped
    /// Several tries in a row failed; it goes on trying, and the reason says what is wrong.
    case failing
}
