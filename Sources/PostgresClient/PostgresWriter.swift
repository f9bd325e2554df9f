/// A growing byte buffer that values encode themselves into; integers go in network byte order.
///
/// One buffer belongs to a connection and is reused for every statement, so encoding the 1,000 elements of an array
/// parameter allocates nothing once the buffer has its size.
package struct PostgresWriter: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes written so far.
    package private(set) var count = 0

    init(capacity: Int = 4096) {
        self.capacity = max(capacity, 64)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// The written bytes; valid until the next write.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// The capacity kept by ``reset()``: one huge statement must not keep its memory for the connection's life.
    private static let keptCapacity = 1 << 20

    /// Forgets what was written and keeps the memory, up to 1 MB of it.
    mutating func reset() {
        count = 0
        if capacity > Self.keptCapacity {
            base.deallocate()
            capacity = Self.keptCapacity
            base = .allocate(byteCount: capacity, alignment: 16)
        }
    }

    /// Forgets everything from `offset` on.
    mutating func truncate(to offset: Int) {
        count = min(count, offset)
    }

    @inline(__always)
    private mutating func reserve(_ additional: Int) {
        if capacity - count < additional { grow(by: additional) }
    }

    @inline(never)
    private mutating func grow(by additional: Int) {
        let wanted = max(capacity * 2, count + additional)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        capacity = wanted
    }

    /// Writes an integer in network byte order.
    @inline(__always)
    package mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
        let size = MemoryLayout<Integer>.size
        reserve(size)
        base.storeBytes(of: value.bigEndian, toByteOffset: count, as: Integer.self)
        count += size
    }

    /// Writes raw bytes.
    package mutating func write(bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// Writes the UTF-8 bytes of `text`, without a terminator.
    package mutating func write(text: String) {
        // A native string lends its bytes; only a bridged or lazily built one has to be copied first.
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { write(bytes: UnsafeRawBufferPointer($0)) }
        if done == nil {
            for byte in text.utf8 { write(byte) }
        }
    }

    /// Overwrites four bytes at `offset`, for a length that is known only after its content was written.
    mutating func overwrite(at offset: Int, with value: Int32) {
        precondition(offset >= 0 && offset + 4 <= count, "the overwritten bytes must have been written before")
        base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
    }

    /// Puts a backslash before each quotation mark and backslash from `start` on, as quoted array elements need it.
    mutating func escapeArrayElement(from start: Int) {
        func isSpecial(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }
        // Numbers, the usual case, have none.
        guard bytes[start...].contains(where: isSpecial) else { return }
        let content = [UInt8](bytes[start...])
        truncate(to: start)
        for byte in content {
            if isSpecial(byte) { write(UInt8(ascii: "\\")) }
            write(byte)
        }
    }
}
