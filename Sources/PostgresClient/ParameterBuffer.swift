import CLibPQ

/// The encoded parameters of one statement, in memory that the next statement uses again.
struct ParameterBuffer: ~Copyable {
    private var writer = PostgresWriter(capacity: 16 * 1024)
    private var offsets: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var types: [UInt32] = []

    /// Encodes `parameters`, and calls `send` with what libpq wants to know of them.
    mutating func encode(
        _ parameters: [any PostgresValue],
        send: (
            _ count: Int32, _ types: UnsafePointer<UInt32>?, _ values: UnsafePointer<UnsafePointer<CChar>?>?,
            _ lengths: UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?
        ) -> Int32
    ) throws(PostgresError) -> Int32 {
        writer.reset()
        offsets.removeAll(keepingCapacity: true)
        pointers.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        for parameter in parameters {
            let kind = type(of: parameter)
            types.append(kind.postgresType.rawValue)
            formats.append(kind.postgresFormat.rawValue)
            if parameter.isPostgresNull {
                offsets.append(-1)
                lengths.append(0)
                continue
            }
            let start = writer.count
            parameter.encode(into: &writer)
            guard let length = Int32(exactly: writer.count - start) else {
                throw PostgresError(.misuse, "a parameter has more than 2 GB")
            }
            offsets.append(start)
            lengths.append(length)
            // libpq takes a parameter in text form as a C string.
            if kind.postgresFormat == .text { writer.write(UInt8(0)) }
        }
        // Only now does the buffer stay where it is.
        let base = writer.bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        for offset in offsets { pointers.append(offset < 0 ? nil : base.map { $0 + offset }) }
        return send(Int32(parameters.count), types, pointers, lengths, formats)
    }
}
