import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run note DAG RUN [TEXT]`.
struct RunNote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Write a note on a run, or show its notes.",
        discussion: """
            A run has one note of its own, and each of its tasks one; a new text takes the place of the old. Pages and \
            `run show` show them. Needs no scheduler.

            Examples:
              cryptoflow run note report r1 'the exchange was down from 03:00'
              cryptoflow run note report r1
              cryptoflow run note report r1 --remove
            """)

    @OptionGroup var named: NamedRun

    @OptionGroup var note: NoteOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(named)
            try await note.carryOut(on: detail.run, task: nil, opened, options)
        }
    }
}

/// `cryptoflow task note DAG RUN TASK [TEXT]`.
struct TaskNote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Write a note on a task of a run, or show it.",
        discussion: """
            Examples:
              cryptoflow task note report r1 load 'loaded by hand'
              cryptoflow task note report r1 load --remove
            """)

    @OptionGroup var named: NamedRun

    @Argument(help: ArgumentHelp("The task's id.", valueName: "task"))
    var task: String

    @OptionGroup var note: NoteOptions

    @Option(help: ArgumentHelp("Which instance of a mapped task.", valueName: "i"))
    var mapIndex: Int?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let lookup = HistoryLookup(opened)
            let detail = try await lookup.run(named)
            let status = try lookup.task(task, mapIndex: mapIndex, in: detail)
            try await note.carryOut(on: detail.run, task: status.instance, opened, options)
        }
    }
}

/// What the two share.
struct NoteOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The note; without one the present note is shown.", valueName: "text"))
    var text: String?

    @Flag(help: "Remove the note.")
    var remove = false

    func validate() throws {
        if remove, text != nil { throw ValidationError("--remove goes without a text") }
        guard let text else { return }
        if text.allSatisfy(\.isWhitespace) { throw ValidationError("the note is empty; --remove takes one away") }
        if text.utf8.count > Note.maximumBytes {
            throw ValidationError("the note has \(text.utf8.count) bytes and may have at most \(Note.maximumBytes)")
        }
    }

    func carryOut(
        on run: RunRecord, task: TaskInstanceKey?, _ opened: OpenedHistory, _ options: OutputOptions
    ) async throws {
        let shapes = options.shapes
        if text != nil || remove {
            let isKnown = try await opened.commands.setNote(
                text, on: run.key, task: task?.task, mapIndex: task?.mapIndex ?? -1,
                actor: CommandEnvironment.current.actor)
            guard isKnown else {
                throw CommandFailure("run \"\(run.runID)\" of DAG \"\(run.dag)\" is gone from the history")
            }
        }
        let notes = try await opened.history.notes(of: run.key).filter { note in
            task.map { note.task == $0.task && note.mapIndex == $0.mapIndex } ?? true
        }
        try options.write(.array(notes.map { shapes.note($0) })) { isColourful in
            notes.isEmpty ? "no notes" : NoteText.lines(notes, shapes, isColourful: isColourful)
        }
    }
}

/// Notes as a terminal shows them.
enum NoteText {
    static func lines(_ notes: [Note], _ shapes: RecordShapes, isColourful: Bool) -> String {
        notes.map { note in
            var place = "run"
            if let task = note.task { place = note.mapIndex < 0 ? task.rawValue : "\(task)[\(note.mapIndex)]" }
            let head = "note on \(place), \(note.author), \(shapes.shortText(note.writtenAt))"
            let body = note.text.split(separator: "\n", omittingEmptySubsequences: false).map {
                "  " + DisplayText.oneLine(String($0))
            }
            return ([Tone.quiet.paint(DisplayText.oneLine(head), isColourful)] + body).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
