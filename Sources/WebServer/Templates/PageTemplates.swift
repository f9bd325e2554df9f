import Mustache

/// All templates, parsed once.
struct PageTemplates: Sendable {
    private let library: MustacheLibrary

    /// - Throws: `MustacheTemplate.ParserError` or the like for a template that is broken.
    init() throws {
        SafeContentType.register()
        var library = MustacheLibrary()
        let all: [String: String] = [
            "frame": FrameTemplate.frame, "message": FrameTemplate.message, "time": FrameTemplate.time,
            "badge": FrameTemplate.badge, "progress": BackfillTemplate.table, "backfills": BackfillTemplate.page,
            "home": HomeTemplate.page, "dag": DAGTemplate.page, "run": RunTemplate.page, "task": TaskTemplate.page,
            "markets": MarketTemplate.list, "market": MarketTemplate.one,
            "live": LiveTemplate.list, "liveMarket": LiveTemplate.one, "liveState": LiveTemplate.state,
            "collectors": CollectorTemplate.page, "board": CollectorTemplate.board, "logs": LogTemplate.page,
        ]
        for (name, text) in all.merging(ModelTemplate.all, uniquingKeysWith: { first, _ in first }) {
            try library.register(SafeContentType.pragma + text, named: name)
        }
        self.library = library
    }

    func render(_ view: [String: Any], _ name: String) -> String {
        library.render(view, withTemplate: name) ?? ""
    }
}
