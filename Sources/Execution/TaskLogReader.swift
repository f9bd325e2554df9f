import CLinux
import Glibc

/// Reads a try's log, also while it is being written.
package struct TaskLogReader: Sendable {
    /// A piece of a log.
    package struct Chunk: Sendable, Hashable {
        /// Invalid UTF-8 is repaired with U+FFFD.
        package let text: String
        /// Where the piece begins and where the next begins, in bytes.
        package let start: Int64
        package let next: Int64
        /// The length of the file when it was read.
        package let size: Int64

        package init(text: String, start: Int64, next: Int64, size: Int64) {
            self.text = text
            self.start = start
            self.next = next
            self.size = size
        }
    }

    /// 1 MB: what a page or a terminal wants at once.
    package static let defaultLimit = 1 << 20

    package let path: String
    private let mask: SecretMask

    /// - Parameter mask: covers secrets in what a child wrote; a child's write that is read half is not.
    package init(path: String, mask: SecretMask = SecretMask()) {
        self.path = path
        self.mask = mask
    }

    /// Whether there is a log at all: a task that said nothing has none.
    package var exists: Bool { access(path, F_OK) == 0 }

    /// The whole log when it is within `limit` bytes; else its end, from the start of a line on.
    package func tail(limit: Int = defaultLimit) -> Chunk {
        guard let file = open() else { return Chunk(text: "", start: 0, next: 0, size: 0) }
        defer { close(file) }
        let size = length(of: file)
        let start = max(0, size - Int64(limit))
        var bytes = read(file, from: start, count: Int(size - start))
        var begin = start
        if start > 0, let newline = bytes.firstIndex(of: UInt8(ascii: "\n")), newline + 1 < bytes.count {
            begin += Int64(newline + 1)
            bytes.removeFirst(newline + 1)
        }
        let next = begin + Int64(bytes.count)
        return Chunk(text: text(bytes), start: begin, next: next, size: size)
    }

    /// At most `limit` bytes from `offset` on; an empty text when nothing is there (yet).
    ///
    /// A character cut in two at the end, and what may be the beginning of a secret, is left for the next piece.
    ///
    /// - Parameter isGrowing: whether more may be written, so that the same goes for the end of the file.
    package func chunk(from offset: Int64, limit: Int = defaultLimit, isGrowing: Bool = false) -> Chunk {
        guard let file = open() else { return Chunk(text: "", start: offset, next: offset, size: 0) }
        defer { close(file) }
        let size = length(of: file)
        guard offset >= 0, offset < size else { return Chunk(text: "", start: offset, next: offset, size: size) }
        // What a log over its limit gave up reads as nothing: go on behind it.
        let data = cryptoflow_seek_data(file, offset)
        if data > offset {
            return Chunk(text: Self.leftOut(data - offset), start: offset, next: data, size: size)
        }
        let hole = cryptoflow_seek_hole(file, offset)
        let end = hole > offset ? min(hole, size) : size
        // More than may have to be left, so that there is always a piece while the file has more.
        let most = max(limit, 8, 2 * mask.longest)
        var bytes = read(file, from: offset, count: Int(min(Int64(most), end - offset)))
        if offset + Int64(bytes.count) < end || end == size { Self.dropCutCharacter(&bytes) }
        if offset + Int64(bytes.count) < end || isGrowing && end == size {
            bytes.removeLast(mask.cutLength(of: bytes))
        }
        return Chunk(text: text(bytes), start: offset, next: offset + Int64(bytes.count), size: size)
    }

    /// Stored bytes of a log and the place of their first.
    package struct Piece: Sendable, Hashable {
        package let start: Int64
        package let content: [UInt8]

        package init(start: Int64, content: [UInt8]) {
            self.start = start
            self.content = content
        }
    }

    /// A piece of a log that is kept in pieces: what ``chunk(from:limit:)`` gives of a file.
    ///
    /// - Parameters:
    ///   - pieces: those that end after `offset`, in order; not necessarily all.
    ///   - size: where the last piece of all ends.
    package static func chunk(of pieces: [Piece], from offset: Int64, limit: Int, size: Int64) -> Chunk {
        guard let first = pieces.first, offset >= 0 else {
            return Chunk(text: "", start: offset, next: offset, size: size)
        }
        if first.start > offset {
            return Chunk(text: leftOut(first.start - offset), start: offset, next: first.start, size: size)
        }
        var bytes = Array(first.content.dropFirst(Int(offset - first.start)))
        for piece in pieces.dropFirst() {
            guard piece.start == offset + Int64(bytes.count), bytes.count < limit else { break }
            bytes += piece.content
        }
        if bytes.count > max(limit, 8) { bytes.removeLast(bytes.count - max(limit, 8)) }
        dropCutCharacter(&bytes)
        let next = offset + Int64(bytes.count)
        // What fills up the place of a covered secret.
        bytes.removeAll { $0 == 0 }
        return Chunk(text: String(decoding: bytes, as: UTF8.self), start: offset, next: next, size: size)
    }

    private static func leftOut(_ bytes: Int64) -> String {
        "\n[… \(bytes) bytes left out: the log passed its limit …]\n"
    }

    /// Removes an incomplete UTF-8 sequence at the end, unless it is all there is.
    private static func dropCutCharacter(_ bytes: inout [UInt8]) {
        var back = 1
        while back <= min(3, bytes.count - 1) {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 {
                back += 1
                continue
            }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            if length > back { bytes.removeLast(back) }
            return
        }
    }

    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: mask.masked(bytes), as: UTF8.self)
    }

    private func open() -> Int32? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        return file >= 0 ? file : nil
    }

    private func length(of file: Int32) -> Int64 {
        var facts = stat()
        return fstat(file, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    private func read(_ file: Int32, from offset: Int64, count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(file, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
            }
            if got < 0, errno == EINTR { continue }
            if got <= 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}
