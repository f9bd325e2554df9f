import CLinux
import DAGModel
import Execution
import Glibc
import RunStore

/// What of a try's log has been stored: the beginning, and the end as far as the limit allows.
struct LogShipment {
    /// What is stored of the beginning of a part of a try, and of its end, in bytes.
    static let (head, tail) = (Int64(256 << 10), Int64(768 << 10))
    private static let pieceSize: Int64 = 256 << 10

    private let path: String?
    private let mask: SecretMask
    /// Where this part of the try begins in the file, and in what is stored of the whole try.
    private let fileStart: Int64
    private let start: Int64
    /// Bytes of this part that are stored or left out.
    private var sent: Int64 = 0

    /// - Parameters:
    ///   - path: the file; nil for a try without a log.
    ///   - start: bytes that earlier parts of the try have stored.
    ///   - mask: what may not be stored.
    init(path: String?, start: Int64, mask: SecretMask = SecretMask()) {
        self.path = path
        self.mask = mask
        self.start = start
        fileStart = path.map(Self.size) ?? 0
    }

    private static func size(of path: String) -> Int64 {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    /// What is new in the file, in bounded pieces without secrets: of much at once the middle is left out.
    ///
    /// - Parameter isLast: whether the try has ended, so that everything is taken; until then, what may be the beginning of a
    ///   secret waits for the rest of it.
    mutating func pieces(of attempt: AttemptID, isLast: Bool) -> [LogPiece] {
        guard let path else { return [] }
        let size = Self.size(of: path) - fileStart
        guard size > sent else { return [] }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        // More than may have to wait, so that there is always something to be stored while the file has more.
        let most = max(Self.pieceSize, 2 * Int64(mask.longest))
        var pieces: [LogPiece] = []
        while sent < size {
            let from = sent < Self.head ? sent : max(sent, size - Self.tail)
            // Where the middle is left out, the first bytes may be the end of a secret: it is covered together with its beginning.
            let lead = min(from, Int64(max(mask.longest - 1, 0)))
            var bytes = Self.read(file, from: fileStart + from - lead, count: lead + min(size - from, most))
            if !isLast || from - lead + Int64(bytes.count) < size { bytes.removeLast(mask.cutLength(of: bytes)) }
            let content = mask.maskedInPlace(bytes).dropFirst(Int(lead))
            if content.isEmpty { break }
            sent = from + Int64(content.count)
            let kept = max(Self.head, sent - Self.tail)
            pieces.append(
                LogPiece(
                    attempt: attempt, start: start + from, content: Array(content),
                    givenUp: sent > Self.head + Self.tail ? start + Self.head..<start + kept : nil))
            if !isLast, pieces.count >= 2 { break }
        }
        return pieces
    }

    /// A piece could not be stored.
    mutating func takeBack(_ piece: LogPiece) { sent = min(sent, piece.start - start) }

    private static func read(_ file: Int32, from offset: Int64, count: Int64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(max(count, 0)))
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    file, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, off_t(offset) + off_t(filled))
            }
            if got < 0, errno == EINTR { continue }
            if got <= 0 { break }
            filled += got
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
