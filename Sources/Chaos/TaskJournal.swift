/// What tasks wrote themselves when they began and ended: lines `begin ATTEMPT PID NANOSECONDS` and `end …`.
struct TaskJournal {
    /// When an attempt's process began and ended, by the machine's clock, in nanoseconds; one beginning too many says that
    /// the attempt ran twice.
    struct Entry {
        var begins: [Int64] = []
        var ends: [Int64] = []
    }

    private(set) var entries: [Int64: Entry] = [:]
    /// Lines that no task writes.
    private(set) var strangeLines: [Substring] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let attempt = Int64(words[1]), let time = Int64(words[3]) else {
                strangeLines.append(line)
                continue
            }
            switch words[0] {
            case "begin": entries[attempt, default: Entry()].begins.append(time)
            case "end": entries[attempt, default: Entry()].ends.append(time)
            default: strangeLines.append(line)
            }
        }
    }
}
