import DAGModel

/// What changed from one text to another, by lines, in the unified form.
struct TextDiff {
    enum Kind: Character {
        case same = " "
        case removed = "-"
        case added = "+"
    }

    struct Line: Hashable {
        let kind: Kind
        let text: String
    }

    /// Changes near each other, with the lines around them.
    struct Hunk: Hashable {
        /// The first line, counted from 1; the line before where no line is shown.
        let oldStart: Int
        let newStart: Int
        let lines: [Line]

        var oldCount: Int { lines.count { $0.kind != .added } }
        var newCount: Int { lines.count { $0.kind != .removed } }

        var head: String { "@@ -\(oldStart),\(oldCount) +\(newStart),\(newCount) @@" }

        var json: JSONValue {
            [
                "old_start": .int(Int64(oldStart)), "old_count": .int(Int64(oldCount)),
                "new_start": .int(Int64(newStart)), "new_count": .int(Int64(newCount)),
                "lines": .array(lines.map { .string(String($0.kind.rawValue) + $0.text) }),
            ]
        }
    }

    let hunks: [Hunk]

    init(_ old: String, _ new: String, context: Int) {
        let lines = Self.lines(Self.split(old), Self.split(new))
        let changed = lines.indices.filter { lines[$0].kind != .same }
        var ranges: [ClosedRange<Int>] = []
        for index in changed {
            let range = max(0, index - context)...min(lines.count - 1, index + context)
            if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...range.upperBound
            } else {
                ranges.append(range)
            }
        }
        var hunks: [Hunk] = []
        var (place, oldLine, newLine) = (0, 0, 0)
        for range in ranges {
            while place < range.lowerBound {
                if lines[place].kind != .added { oldLine += 1 }
                if lines[place].kind != .removed { newLine += 1 }
                place += 1
            }
            let shown = Array(lines[range])
            let (hasOld, hasNew) = (shown.contains { $0.kind != .added }, shown.contains { $0.kind != .removed })
            hunks.append(
                Hunk(oldStart: oldLine + (hasOld ? 1 : 0), newStart: newLine + (hasNew ? 1 : 0), lines: shown))
        }
        self.hunks = hunks
    }

    /// The last line's missing end is a difference like any other.
    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" {
            lines.removeLast()
        } else if let last = lines.popLast() {
            lines.append(last + "\\ (no newline at the end)")
        }
        return lines
    }

    private static func lines(_ old: [String], _ new: [String]) -> [Line] {
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var lines: [Line] = []
        var (from, to) = (0, 0)
        while from < old.count || to < new.count {
            if removed.contains(from) {
                lines.append(Line(kind: .removed, text: old[from]))
                from += 1
            } else if added.contains(to) {
                lines.append(Line(kind: .added, text: new[to]))
                to += 1
            } else {
                lines.append(Line(kind: .same, text: old[from]))
                from += 1
                to += 1
            }
        }
        return lines
    }

    func text(_ names: (String, String), isColourful: Bool = false) -> String {
        guard !hunks.isEmpty else { return "" }
        var result = ["--- \(DisplayText.oneLine(names.0))", "+++ \(DisplayText.oneLine(names.1))"]
        for hunk in hunks {
            result.append(Tone.active.paint(hunk.head, isColourful))
            for line in hunk.lines {
                let tone: Tone = line.kind == .added ? .good : line.kind == .removed ? .bad : .plain
                result.append(tone.paint(String(line.kind.rawValue) + DisplayText.oneLine(line.text), isColourful))
            }
        }
        return result.joined(separator: "\n")
    }
}
