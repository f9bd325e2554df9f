/// A task as commands print it: its id, or `id[index]` for an instance of a mapped one.
struct TaskName {
    let id: String
    /// Nil for the task itself.
    let mapIndex: Int?

    /// - Parameter mapIndex: given apart from the name; it goes first.
    init(_ text: String, mapIndex: Int? = nil) {
        guard text.hasSuffix("]"), let open = text.lastIndex(of: "["), open > text.startIndex,
            let index = Int(text[text.index(after: open)...].dropLast()), index >= 0
        else {
            (id, self.mapIndex) = (text, mapIndex)
            return
        }
        id = String(text[..<open])
        self.mapIndex = mapIndex ?? index
    }
}
