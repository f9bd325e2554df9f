import CivilTime
import FoundationEssentials
import PostgresClient
import Testing

/// A value goes out as a parameter and comes back as a field.
private func roundTrip<Value: PostgresValue & Equatable>(
    _ value: Value, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let connection = try await sharedConnection()
    let back: Value = try #require(try await connection.query("SELECT $1", [value]).first).decode(0)
    #expect(back == value, sourceLocation: sourceLocation)
}

enum Mood: String, PostgresValue { case good, bad }

@Suite("Values", .timeLimit(.minutes(1))) struct ValueTests {
    @Test("whole numbers survive the round trip at their limits")
    func integers() async throws {
        for value in [Int16.min, -1, 0, Int16.max] { try await roundTrip(value) }
        for value in [Int32.min, -1, 0, Int32.max] { try await roundTrip(value) }
        for value in [Int64.min, -1, 0, Int64.max] { try await roundTrip(value) }
        for value in [Int.min, 0, Int.max] { try await roundTrip(value) }
    }

    @Test("floating-point numbers survive the round trip, infinities included")
    func floats() async throws {
        for value in [0.1, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            try await roundTrip(value)
        }
        try await roundTrip(Float(0.1))
        let connection = try await sharedConnection()
        let nan: Double = try await connection.query("SELECT $1", [Double.nan])[0].decode(0)
        #expect(nan.isNaN)
    }

    @Test("texts, booleans, bytes and identifiers survive the round trip")
    func others() async throws {
        try await roundTrip(true)
        try await roundTrip(false)
        for text in ["", "plain", "Ümläut 日本 🚀", "quote ' \" \\ \n\t", String(repeating: "x", count: 100_000)] {
            try await roundTrip(text)
        }
        for bytes in [[], [0, 1, 255], [UInt8](repeating: 7, count: 70_000)] as [[UInt8]] { try await roundTrip(bytes) }
        try await roundTrip(Data([0, 1, 2, 255]))
        try await roundTrip(UUID())
        try await roundTrip(Mood.bad)
    }

    @Test("instants survive the round trip to the microsecond")
    func timestamps() async throws {
        for microseconds in [0, 1, -1, 1_767_225_600_123_456, -62_135_596_800_000_000] as [Int64] {
            try await roundTrip(Timestamp(microseconds: microseconds))
        }
        let connection = try await sharedConnection()
        let row = try await connection.query(
            "SELECT '2026-01-01 09:00+09'::timestamptz, '2026-01-01'::date, '2026-01-01 00:00'::timestamp")[0]
        for index in 0..<3 { #expect(try row.decode(index) == Timestamp(iso8601: "2026-01-01T00:00:00Z")) }
    }

    @Test("an infinite or unreachable instant is an error, not another instant")
    func infiniteTimestamps() async throws {
        let connection = try await sharedConnection()
        let row = try await connection.query("SELECT 'infinity'::timestamptz")[0]
        #expect(throws: PostgresError.self) { try row.decode(0, as: Timestamp.self) }
        await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT $1", [Timestamp(microseconds: .min)])
        }
    }

    @Test(
        "exact decimals keep every digit and their scale",
        arguments: [
            "0", "1", "-1", "0.00000001", "-12.50", "10000", "99999999.0001", "100000000000000000000000000.5", "0.10",
            "123456789012345678901234567890.123456789", "1.0000", "NaN", "0.000000000000001000", "5000.0005",
        ])
    func numerics(text: String) async throws {
        try await roundTrip(PostgresNumeric(text))
        let connection = try await sharedConnection()
        let row = try await connection.query("SELECT '\(text)'::numeric, $1::numeric::text", [PostgresNumeric(text)])[0]
        #expect(try row.decode(0, as: PostgresNumeric.self).text == text)
        #expect(try row.decode(1, as: String.self) == text)
    }

    @Test("JSON goes in as jsonb and is read from json and jsonb")
    func json() async throws {
        let connection = try await sharedConnection()
        let row = try await connection.query(
            "SELECT $1->'a'->>1, $1, '[1, 2]'::json", [PostgresJSON(#"{"a":[1,"x"]}"#)])[0]
        #expect(try row.decode(0) == "x")
        #expect(try row.decode(1, as: PostgresJSON.self).text == #"{"a": [1, "x"]}"#)
        #expect(try row.decode(2, as: PostgresJSON.self).text == "[1, 2]")
    }

    @Test("NULL is nil for every type, and an error where the type has no nil")
    func nulls() async throws {
        try await roundTrip(Int64?.none)
        try await roundTrip(Int64?.some(1))
        try await roundTrip(String?.none)
        try await roundTrip(PostgresNumeric?.none)
        try await roundTrip([Int]?.none)
        try await roundTrip([UInt8]?.none)
        let connection = try await sharedConnection()
        let row = try await connection.query("SELECT NULL::int8 AS x")[0]
        #expect(row.isNull(0))
        let error = #expect(throws: PostgresError.self) { try row.decode("x", as: Int64.self) }
        #expect(error?.description == "column \"x\" of row 1: expected int8, found NULL")
    }

    @Test("arrays survive the round trip, with NULL elements and without elements")
    func arrays() async throws {
        try await roundTrip([Int]())
        try await roundTrip([1, 2, 3])
        try await roundTrip([Int64?.some(1), nil, .some(3)])
        try await roundTrip([String?.some("a,b"), nil, .some("\"{}\\"), .some(""), .some("NULL")])
        try await roundTrip([true, false])
        try await roundTrip([1.5, .infinity])
        try await roundTrip([UUID(), UUID()])
        try await roundTrip([Timestamp.epoch, Timestamp(microseconds: 5)])
        try await roundTrip([PostgresNumeric("1.50"), PostgresNumeric("-0.00000001")])
        try await roundTrip([PostgresNumeric?.none, PostgresNumeric("7")])
        try await roundTrip([[1, 2], [], [255]] as [[UInt8]])
        try await roundTrip([Data([1]), Data()])
        try await roundTrip([Mood.good, .bad])
        try await roundTrip([PostgresJSON("{}"), PostgresJSON("[1]")])
    }

    @Test("an array parameter feeds unnest, several at a time")
    func unnest() async throws {
        let connection = try await sharedConnection()
        let ids = Array(0..<1000)
        let names = ids.map { $0 % 10 == 0 ? nil : "name \($0)" as String? }
        let rows = try await connection.query(
            "SELECT id, name FROM unnest($1, $2) AS u (id, name) ORDER BY id", [ids, names])
        #expect(rows.count == 1000)
        for row in rows {
            let id: Int = try row.decode("id")
            #expect(try row.decode("name", as: String?.self) == names[id])
        }
    }

    @Test("a field of another type is named, with its row and both types")
    func mismatch() async throws {
        let connection = try await sharedConnection()
        let rows = try await connection.query("SELECT 'secret' AS x, 70000 AS y FROM generate_series(1, 3)")
        let error = #expect(throws: PostgresError.self) { try rows[2].decode("x", as: Int64.self) }
        #expect(error?.description == "column \"x\" of row 3: expected int8, found text")
        #expect(error?.kind == .decoding)
        let range = #expect(throws: PostgresError.self) { try rows[0].decode("y", as: Int16.self) }
        #expect(range?.description == "column \"y\" of row 1: expected int2, found int4 that does not fit")
        let missing = #expect(throws: PostgresError.self) { try rows[0].decode("z", as: Int16.self) }
        #expect(missing?.description == "the result has no column \"z\"; it has: x, y")
        #expect(throws: PostgresError.self) { try rows[0].decode(2, as: Int.self) }
        #expect(throws: PostgresError.self) { try rows[0].decode("x", as: Mood.self) }
        #expect(throws: PostgresError.self) { try rows[0].decode("x", as: [Int].self) }
        #expect(throws: PostgresError.self) { try rows[0].decode("x", as: [String].self) }
    }

    @Test("smaller whole numbers are read into larger types, and counts into smaller ones where they fit")
    func widening() async throws {
        let connection = try await sharedConnection()
        let row = try await connection.query("SELECT 1::int2, 2::int4, 3::int8, 4::oid, 1.5::float4")[0]
        #expect(try (0..<4).map { try row.decode($0, as: Int.self) } == [1, 2, 3, 4])
        #expect(try row.decode(2, as: Int32.self) == 3)
        #expect(try row.decode(4, as: Double.self) == 1.5)
    }

    @Test("enums, names and domains are read as text, and enums of the database into Swift's")
    func textLike() async throws {
        let connection = try await freshConnection()
        try await connection.script("CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN short AS varchar(10)")
        let row = try await connection.query("SELECT 'good'::mood, 'abc'::short, current_database(), 'x'::\"char\"")[0]
        #expect(try row.decode(0, as: Mood.self) == .good)
        #expect(try row.decode(0, as: String.self) == "good")
        #expect(try row.decode(1, as: String.self) == "abc")
        #expect(try row.decode(2, as: String.self).hasPrefix("t"))
        #expect(try row.decode(3, as: String.self) == "x")
    }
}
