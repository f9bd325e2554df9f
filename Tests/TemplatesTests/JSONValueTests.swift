import DAGModel
import FoundationEssentials
import Templates
import Testing

@Suite("JSON values") struct JSONValueTests {
    @Test(
        "keep whole numbers apart from others, in text and through an encoder",
        arguments: [
            #"{"big": 9223372036854775807, "n": -0.5, "x": 2.0, "y": 100.0, "z": 2}"#, "[1e+16, 5e-324, [], {}]",
            #"{"$double": "2.0"}"#, #"{"$object": {"$double": "2.0"}}"#, #"{"a": {"$double": "no number"}}"#,
            #"{"$$double": "2.0"}"#, #"{"$$$double": {"$$double": 2.0}}"#, #"{"$$double": 1, "$double": 2.0}"#,
            #"{"$doubles": "2.0"}"#, #"{"x$double": "2.0"}"#, #"{"$object": 1}"#, #"{"$double": null}"#,
            #""\"\\\n\t\u0001é😀""#, "null", "[true, false, null]",
        ])
    func numbers(text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.jsonText == text)
        let encoded = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: encoded) == value)
    }

    @Test("come through an encoder at once, however their keys look", arguments: ["$object", "$double", "$$double"])
    func nestedKeys(key: String) throws {
        var value: JSONValue = 2.0
        for _ in 0..<60 { value = .object([key: value]) }
        let encoded = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: encoded) == value)
    }

    @Test("are read as they stand where nothing was escaped")
    func plainRows() throws {
        for text in [#"{"$object": {"a": 1}}"#, #"{"$double": "no number"}"#, #"{"$double": "2.0", "a": 1}"#] {
            #expect(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) == JSONValue(parsing: text))
        }
    }

    @Test("read what JSON allows")
    func forms() throws {
        #expect(try JSONValue(parsing: " [1E2 , -0, 0.5e1]\n") == [100.0, 0, 5.0])
        #expect(try JSONValue(parsing: #""\u00e9\ud83d\ude00\/""#) == "é😀/")
        #expect(try JSONValue(parsing: #"{"a": 1, "a": 2}"#) == ["a": 2])
    }

    @Test(
        "refuse what is not JSON, and integers beyond 64 bits",
        arguments: [
            ("", "a value is missing"), ("[1,]", "this is no value"), ("[1", "expected ',' or ']'"),
            ("{a: 1}", "expected a name in quotes"), (#"{"a" 1}"#, "expected ':'"), ("1 2", "something follows"),
            ("01", "something follows"), ("1.", "expected a digit"), ("NaN", "this is no value"),
            ("\"a", "no closing quote"), ("\"\\x\"", "unknown escape"), (#""\ud800""#, "half a character"),
            ("\"\n\"", "control character"), ("12345678901234567890", "12345678901234567890 is beyond 64 bits"),
            ("1e999", "too large"),
        ])
    func refusals(text: String, problem: String) {
        do {
            _ = try JSONValue(parsing: text)
            Issue.record("was read")
        } catch DecodingError.dataCorrupted(let context) {
            #expect(context.debugDescription.contains(problem))
        } catch {
            Issue.record(error)
        }
        #expect(throws: DecodingError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    }

    @Test("keep the order of members when read as a tree")
    func order() throws {
        guard case .object(let members) = try JSONTree(parsing: #"{"b": 1, "a": 2, "b": 3}"#) else {
            Issue.record("not an object")
            return
        }
        #expect(members.map(\.name) == ["b", "a"])
    }
}
