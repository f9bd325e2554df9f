/// Rows under titles, aligned for a terminal.
struct TextTable {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        let alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    struct Cell: ExpressibleByStringLiteral {
        let text: String
        let tone: Tone

        /// Whatever would break the line or steer the terminal becomes a blank.
        init(_ text: String?, _ tone: Tone = .plain) {
            self.text = DisplayText.oneLine(text ?? "")
            self.tone = tone
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    let columns: [Column]
    private(set) var rows: [[Cell]] = []

    init(_ columns: Column...) { self.columns = columns }

    /// Adds a row; one cell a column.
    mutating func add(_ cells: Cell...) {
        precondition(cells.count == columns.count, "a row has as many cells as the table has columns")
        rows.append(cells)
    }

    /// Titles and rows, two blanks between columns, no blanks at the ends of lines.
    ///
    /// - Parameter width: of the terminal it is written to: where the table is wider, its longest texts take several lines.
    func text(
        isColourful: Bool, width: Int? = CommandEnvironment.current.console.width(.output)
    ) -> String {
        let widths = fitted(
            columns.indices.map { index in
                rows.reduce(DisplayText.width(columns[index].title)) { max($0, DisplayText.width($1[index].text)) }
            }, to: width)
        let titles = columns.map { Cell($0.title, .quiet) }
        return ([titles] + rows).flatMap { broken($0, widths) }.map { line($0, widths, isColourful) }
            .joined(separator: "\n")
    }

    /// The columns' widths, the widest texts made narrower until the table fits.
    ///
    /// Only at blanks: what is one word, as ids and times are, is not broken, so a table of such stays as wide as it is.
    private func fitted(_ widths: [Int], to width: Int?) -> [Int] {
        guard let width else { return widths }
        var widths = widths
        var surplus = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        let narrowest = columns.indices.map { index in
            rows.reduce(DisplayText.width(columns[index].title)) { least, row in
                row[index].text.split(separator: " ").reduce(least) { max($0, DisplayText.width(String($1))) }
            }
        }
        while surplus > 0 {
            let widest = columns.indices.filter { widths[$0] > narrowest[$0] }.max { widths[$0] < widths[$1] }
            guard let widest else { break }
            widths[widest] -= 1
            surplus -= 1
        }
        return widths
    }

    /// A row as the lines that it takes.
    private func broken(_ cells: [Cell], _ widths: [Int]) -> [[Cell]] {
        let parts = zip(cells, widths).map { DisplayText.lines(of: $0.text, $1) }
        let count = parts.map(\.count).max() ?? 1
        return (0..<count).map { number in
            zip(cells, parts).map { cell, lines in Cell(number < lines.count ? lines[number] : "", cell.tone) }
        }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ isColourful: Bool) -> String {
        var line = ""
        var blanks = 0
        for (index, cell) in cells.enumerated() {
            let padding = widths[index] - DisplayText.width(cell.text)
            if columns[index].alignment == .right { blanks += padding }
            if !cell.text.isEmpty {
                line += String(repeating: " ", count: blanks) + cell.tone.paint(cell.text, isColourful)
                blanks = 0
            }
            if columns[index].alignment == .left { blanks += padding }
            blanks += 2
        }
        return line
    }
}

/// Names and values, one pair a line; pairs without a value are left out.
struct FieldList {
    private var fields: [(name: String, cell: TextTable.Cell)] = []

    mutating func add(_ name: String, _ value: String?, _ tone: Tone = .plain) {
        guard let value, !value.isEmpty else { return }
        fields.append((name, TextTable.Cell(value, tone)))
    }

    func text(isColourful: Bool) -> String {
        let width = fields.reduce(0) { max($0, DisplayText.width($1.name)) }
        return fields.map { name, cell in
            let padding = String(repeating: " ", count: width - DisplayText.width(name) + 2)
            return Tone.quiet.paint(name, isColourful) + padding + cell.tone.paint(cell.text, isColourful)
        }.joined(separator: "\n")
    }
}
