import Glibc

/// The lines of a file from its end to its beginning.
struct BackwardLines {
    private let file: Int32
    /// Where what has not been read yet ends.
    private var unread: Int
    /// What has been read and not been given out, from `unread` on.
    private var block: ArraySlice<UInt8> = []
    private(set) var bytesRead = 0

    private static let blockBytes = 256 << 10
    /// A longer line is none of ours.
    private static let longest = 4 << 20

    /// - Parameter end: where to begin, the start of a line; nil for the file's end.
    init(file: Int32, end: Int?) {
        self.file = file
        let size = LogFolder.facts(of: file)?.bytes ?? 0
        unread = min(end ?? size, size)
    }

    /// The next line, without its end, and where it starts.
    mutating func next() -> (line: ArraySlice<UInt8>, start: Int)? {
        while true {
            // The line's own end is at the block's end; what comes before it is the next line.
            let body = block.last == UInt8(ascii: "\n") ? block.dropLast() : block
            if let newline = body.lastIndex(of: UInt8(ascii: "\n")) {
                let line = body[(newline + 1)...]
                let start = unread + (newline + 1 - block.startIndex)
                block = block[...newline]
                if line.isEmpty { continue }
                return (line, start)
            }
            if unread == 0 {
                guard !body.isEmpty else { return nil }
                block = []
                return (body, 0)
            }
            if block.count > Self.longest { block = [] }
            guard readBlock() else { return nil }
        }
    }

    private mutating func readBlock() -> Bool {
        let count = min(Self.blockBytes, unread)
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(file, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(unread - count + filled))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            filled += got
        }
        unread -= count
        bytesRead += count
        block = (bytes + block)[...]
        return true
    }
}
