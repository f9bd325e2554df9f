import FoundationEssentials
import Glibc

/// Where a command writes: results to standard output, everything else to standard error.
package struct Console: Sendable {
    /// One of the two places.
    package enum Stream: Sendable { case output, error }

    /// Whether results may be coloured.
    package let isColourful: Bool
    /// Whether somebody watches standard error, so that a line of progress makes sense.
    package let showsProgress: Bool
    /// How many columns a stream's terminal has now; nil where it is none.
    package let width: @Sendable (Stream) -> Int?
    /// Has Ctrl-C say that what is waited for goes on, where somebody may press it.
    package let announcesInterrupts: @Sendable () -> Void
    private let write: @Sendable (Stream, String) throws -> Void

    /// - Parameter write: writes a piece of text as it is; throws ``BrokenPipe`` when nobody reads it any more.
    package init(
        isColourful: Bool = false, showsProgress: Bool = false,
        width: @escaping @Sendable (Stream) -> Int? = { _ in nil },
        announcesInterrupts: @escaping @Sendable () -> Void = {},
        write: @escaping @Sendable (Stream, String) throws -> Void
    ) {
        self.isColourful = isColourful
        self.showsProgress = showsProgress
        self.width = width
        self.announcesInterrupts = announcesInterrupts
        self.write = write
    }

    /// The process's own streams.
    ///
    /// Colour only on a terminal, and not when `NO_COLOR` is set or `TERM` is `dumb`.
    package static let standard: Console = {
        let variables = ProcessInfo.processInfo.environment
        let isPlain = !(variables["NO_COLOR"] ?? "").isEmpty || variables["TERM"] == "dumb"
        return Console(
            isColourful: isatty(1) == 1 && !isPlain, showsProgress: isatty(2) == 1, width: { columns(of: number($0)) },
            announcesInterrupts: handleInterrupts
        ) { stream, text in
            try Self.write(text, to: number(stream))
        }
    }()

    /// Nothing but a write and an exit, as a signal's handler may.
    ///
    /// Where SIGINT is ignored, as with `nohup` and in the background of a script, it stays so.
    private static func handleInterrupts() {
        guard !isIgnored(SIGINT) else { return }
        signal(SIGINT) { _ in
            let note: StaticString = "\nnote: only the waiting has ended; what it waited for goes on\n"
            _ = Glibc.write(2, note.utf8Start, note.utf8CodeUnitCount)
            _exit(130)
        }
    }

    /// Whether the process ignores a signal.
    static func isIgnored(_ signal: Int32) -> Bool {
        var present = sigaction()
        guard sigaction(signal, nil, &present) == 0 else { return false }
        // Functions cannot be compared, and this one is no function but the number 1.
        return unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func number(_ stream: Stream) -> Int32 { stream == .output ? 1 : 2 }

    private static func columns(of file: Int32) -> Int? {
        var size = winsize()
        guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes a line, or lines, of the result.
    func output(_ text: String) throws { try write(.output, text.hasSuffix("\n") ? text : text + "\n") }

    /// Writes a line, or lines, about how things went.
    func error(_ text: String) throws { try write(.error, text.hasSuffix("\n") ? text : text + "\n") }

    /// Writes text as it is.
    func raw(_ text: String, to stream: Stream) throws { try write(stream, text) }

    private static func write(_ text: String, to file: Int32) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == EAGAIN {
                        // A terminal that another program made non-blocking.
                        var ready = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                        poll(&ready, 1, 1000)
                        continue
                    }
                    if errno == EPIPE || errno == EIO { throw BrokenPipe() }
                    if errno == EBADF {
                        throw CommandFailure("the result cannot be written: standard output is closed")
                    }
                    throw CommandFailure("the result cannot be written: \(String(cString: strerror(errno)))")
                }
                rest = rest.dropFirst(count)
            }
        }
    }
}

/// Nobody reads what a command writes: it ends without a word.
package struct BrokenPipe: Error {
    package init() {}
}
