import Markets
import SeededRandom
import Testing

@Suite("JSON reader") struct JSONReaderTests {
    private func validate(_ text: String, limits: JSONReader.Limits = .init()) throws {
        try JSONReader.validate(Array(text.utf8), limits: limits)
    }

    @Test(
        "every kind of document is accepted",
        arguments: [
            "0", "-1.5e+10", "1e400", "true", "false", "null", "\"\"", "[]", "{}", " [ 1 , [ ] , { } ] ",
            "\r\n\t{\"a\" : {\"b\":[1,2,3]} , \"a\":null}", #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#, "\"비트코인\"",
        ])
    func accepted(text: String) throws {
        try validate(text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", " ", "[", "]", "{", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
            "tru", "nul", "True", "01", "-", "1.", ".1", "+1", "1e", "\"", "\"\\", "\"\\x\"", "\"\\u12\"",
            "\"\\u12g4\"",
            "\"a\nb\"", "[1]]", "1 1", "[1]//", "NaN", "\u{FEFF}[]", "[\"a\":1]", "{\"a\",1}",
        ])
    func refused(text: String) {
        #expect(throws: MalformedData.self) { try validate(text) }
    }

    @Test(
        "errors name the byte",
        arguments: [("[1,x]", 3), ("{\"a\":1 \"b\"}", 7), ("[1", 2), ("[1]x", 3), ("[\"\u{1}\"]", 2)])
    func offsets(text: String, offset: Int) {
        let error = #expect(throws: MalformedData.self) { try validate(text) }
        #expect(error?.offset == offset)
    }

    @Test("bytes that are not UTF-8 are refused at their place")
    func notUTF8() {
        let error = #expect(throws: MalformedData.self) {
            try JSONReader.validate(Array("[\"a".utf8) + [0xFF] + Array("\"]".utf8))
        }
        #expect(error?.offset == 3)
    }

    @Test("depth and size are bounded")
    func limits() throws {
        let limits = JSONReader.Limits(bytes: 20, depth: 3)
        try validate("[[[1]]]", limits: limits)
        try validate("[[[1]],[[2]]]", limits: limits)
        #expect(throws: MalformedData.self) { try validate("[[[[1]]]]", limits: limits) }
        #expect(throws: MalformedData.self) { try validate("[{\"a\":[[]]}]", limits: limits) }
        #expect(throws: MalformedData.self) {
            try validate("\"" + String(repeating: "a", count: 19) + "\"", limits: limits)
        }
        let hostile = String(repeating: "[", count: 1_000_000)
        #expect(throws: MalformedData.self) { try validate(hostile) }
    }

    @Test("numbers keep every digit")
    func numbers() throws {
        let text = "[17811024497020000, 137728155832.9616000000000000, 0E-8, 1.16539E8, -7, 1.0, 9223372036854775807]"
        try JSONReader.read(Array(text.utf8)) { (reader: inout JSONReader) throws(MalformedData) in
            var shown: [String] = []
            try reader.array { (reader: inout JSONReader, index: Int) throws(MalformedData) in
                let value = index == 0 || index > 3 ? "\(try reader.integer())" : "\(try reader.decimal())"
                shown.append(value)
            }
            #expect(
                shown == [
                    "17811024497020000", "137728155832.9616", "0", "116539000", "-7", "1", "9223372036854775807",
                ])
        }
    }

    @Test(
        "whole numbers are whole and fit",
        arguments: [
            ("[1.5]", false), ("[9223372036854775808]", false), ("[1e3]", true), ("[007]", false), ("[\"1\"]", false),
            ("[0]", true), ("[-9223372036854775808]", true),
        ])
    func integers(text: String, isAccepted: Bool) {
        let value = try? JSONReader.read(Array(text.utf8)) { (reader: inout JSONReader) throws(MalformedData) in
            var value: Int64 = 0
            try reader.array { (reader: inout JSONReader, _: Int) throws(MalformedData) in value = try reader.integer()
            }
            return value
        }
        #expect((value != nil) == isAccepted)
    }

    @Test(
        "strings are unescaped",
        arguments: [
            (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"), (#""\u00e9""#, "é"), (#""\uD83D\uDE00!""#, "😀!"),
            ("\"비트코인\"", "비트코인"), ("\"\"", ""), (#""\u0000""#, "\u{0}"),
        ])
    func strings(text: String, expected: String) throws {
        let value = try JSONReader.read(Array(text.utf8)) { (reader: inout JSONReader) throws(MalformedData) in
            try reader.string()
        }
        #expect(value == expected)
    }

    @Test(
        "half of a surrogate pair is refused",
        arguments: [#""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\ud83d\u0041""#])
    func surrogates(text: String) {
        #expect(throws: MalformedData.self) {
            try JSONReader.read(Array(text.utf8)) { (reader: inout JSONReader) throws(MalformedData) in
                try reader.string()
            }
        }
    }

    @Test("no prefix or mutation of a real reply crashes the reader")
    func mutations() throws {
        var whole = try Fixture.bytes("rest_ticker.json")
        while whole.last == 0x0A { whole.removeLast() }
        for count in 0..<whole.count {
            #expect(throws: MalformedData.self) { try JSONReader.validate(Array(whole[..<count])) }
        }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<5000 {
            var bytes = whole
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            _ = try? JSONReader.validate(bytes)
            _ = try? UpbitDialect().tickers(quotes: ["KRW"]).decode(bytes)
        }
    }
}
