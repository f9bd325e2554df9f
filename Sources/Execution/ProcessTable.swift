import CLinux
import Glibc

/// The processes of this machine as /proc shows them.
enum ProcessTable {
    /// One line of /proc/PID/stat, as far as it matters here.
    struct Entry: Hashable {
        let pid: Int32
        let state: UInt8
        let parent: Int32
        let group: Int32
        let session: Int32
        /// Clock ticks since boot; with the number, this names a process for good.
        let startTicks: UInt64

        /// Whether it has ended and only waits to be reaped.
        var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }
    }

    /// Every process.
    ///
    /// One that ends meanwhile may be missing or stale.
    static func all() -> [Entry] {
        numbers(in: "/proc").compactMap { entry($0) }
    }

    /// One process; nil when there is none of that number.
    static func entry(_ pid: Int32) -> Entry? {
        // Asked for with each child, so it is read without the making of arrays. A line has some 300 bytes.
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
            let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            return parse(pid: pid, stat: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// The name in parentheses may hold anything, so fields count from the last `)`: state is the third.
    static func parse(pid: Int32, stat bytes: UnsafeRawBufferPointer) -> Entry? {
        guard let close = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        var rest = bytes[(close + 1)...]
        func field() -> Slice<UnsafeRawBufferPointer> {
            rest = rest.drop { $0 == UInt8(ascii: " ") }
            let text = rest.prefix { $0 != UInt8(ascii: " ") }
            rest = rest[text.endIndex...]
            return text
        }
        guard let state = field().first, let parent = number(field()), let group = number(field()),
            let session = number(field())
        else { return nil }
        for _ in 7..<22 { _ = field() }
        guard let start = number(field()) else { return nil }
        return Entry(
            pid: pid, state: state, parent: Int32(truncatingIfNeeded: parent), group: Int32(truncatingIfNeeded: group),
            session: Int32(truncatingIfNeeded: session), startTicks: UInt64(clamping: start))
    }

    /// Whether the environment a process was started with has exactly this entry (`NAME=value`).
    ///
    /// False also when it may not be read: a process of another user is not ours.
    static func environment(of pid: Int32, contains entry: [UInt8]) -> Bool {
        guard let bytes = read("/proc/\(pid)/environ", limit: 4 << 20) else { return false }
        return bytes.split(separator: 0).contains { $0.elementsEqual(entry) }
    }

    /// The children of this process's main thread, adopted ones included; nil when the kernel does not tell.
    ///
    /// Orphans go to the first thread of their subreaper that lives, and in a Swift program the main thread lives to the
    /// end; what other threads have spawned stays with them.
    static func adoptedChildren() -> [Int32]? {
        guard childrenFile >= 0 else { return nil }
        var children: [Int32] = []
        var number: Int32 = 0
        var offset = 0
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            while true {
                let count = pread(childrenFile, buffer.baseAddress, buffer.count, off_t(offset))
                if count < 0 { return nil }
                if count == 0 { return children }
                // Each number is followed by a space, and may be cut in two by the end of the buffer.
                for byte in buffer[..<count] {
                    if byte == UInt8(ascii: " ") {
                        children.append(number)
                        number = 0
                    } else {
                        number = number &* 10 &+ Int32(byte &- UInt8(ascii: "0"))
                    }
                }
                offset += count
            }
        }
    }

    /// Kept open, for it is read at the end of each child.
    private static let childrenFile = open("/proc/self/task/\(getpid())/children", O_RDONLY | O_CLOEXEC)

    /// Identifies this start of the machine; empty when the kernel does not tell.
    static let bootID: String = {
        let bytes = read("/proc/sys/kernel/random/boot_id", limit: 256) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()

    /// The name of this machine.
    static let hostName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        var value: Int64 = 0
        var sign: Int64 = 1
        for (offset, digit) in digits.enumerated() {
            if offset == 0, digit == UInt8(ascii: "-") {
                sign = -1
                continue
            }
            guard digit >= 48, digit <= 57 else { return digit == UInt8(ascii: "\n") ? sign * value : nil }
            value = value &* 10 &+ Int64(digit - 48)
        }
        return digits.isEmpty ? nil : sign * value
    }

    private static func numbers(in directory: String) -> [Int32] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var found: [Int32] = []
        while let item = readdir(handle) {
            var value: Int32 = 0
            var isNumber = false
            withUnsafeBytes(of: &item.pointee.d_name) { name in
                for byte in name {
                    guard byte != 0 else { break }
                    guard byte >= 48, byte <= 57 else {
                        isNumber = false
                        break
                    }
                    isNumber = true
                    value = value &* 10 &+ Int32(byte - 48)
                }
            }
            if isNumber { found.append(value) }
        }
        return found
    }

    private static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}
