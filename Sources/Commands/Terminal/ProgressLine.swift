/// One line on standard error that is written over as things go on, where somebody watches; else nothing.
final class ProgressLine {
    private let console: Console
    private var shown = ""

    init(_ console: Console) { self.console = console }

    /// Shows a text in place of the last one.
    func show(_ text: String) throws {
        guard console.showsProgress, text != shown else { return }
        shown = text
        var line = DisplayText.oneLine(text)
        // A line that wraps could not be written over; and a full one puts the cursor beyond the edge.
        if let width = console.width(.error) { line = DisplayText.cut(line, to: width - 1) }
        try console.raw("\r\u{1B}[2K" + line, to: .error)
    }

    /// Takes the line away, before anything else is written.
    func clear() throws {
        guard !shown.isEmpty else { return }
        shown = ""
        try console.raw("\r\u{1B}[2K", to: .error)
    }
}
