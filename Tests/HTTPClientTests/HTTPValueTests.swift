import HTTPClient
import Testing

@Suite("HTTP values") struct HTTPValueTests {
    @Test(
        "secrets in URLs are masked",
        arguments: [
            ("https://user:pass@example.org/a", "https://***@example.org/a"),
            ("https://token@example.org", "https://***@example.org"),
            ("https://user:pa@ss@example.org/a", "https://***@example.org/a"),
            ("http://user:pa/ss@example.org/a", "http://***@example.org/a"),
            ("https://example.org/@name/x", "https://example.org/@name/x"),
            ("https://example.org:8080/@name", "https://example.org:8080/@name"),
            ("http://[::1]:80/@name", "http://[::1]:80/@name"),
            ("https://e.org/?market=KRW-BTC&count=2", "https://e.org/?market=KRW-BTC&count=2"),
            ("https://e.org/?api_key=1&b=2&Access-Token=3", "https://e.org/?api_key=***&b=2&Access-Token=***"),
            ("https://e.org/?X-Amz-Signature=1&sig=2", "https://e.org/?X-Amz-Signature=***&sig=***"),
            ("https://e.org/?password=a=b", "https://e.org/?password=***"),
            ("https://e.org/a#access_token=1", "https://e.org/a"),
            ("user:pass@host", "***@host"), ("", ""), ("?", "?"),
        ])
    func masking(url: String, shown: String) {
        #expect(MaskedURL.mask(url) == shown)
    }

    @Test("header names compare without case, and values keep their order")
    func headers() {
        var headers: HTTPHeaders = ["A": "1", "b": "2", "a": "3"]
        #expect(headers["a"] == "1")
        #expect(headers.values("A") == ["1", "3"])
        #expect(headers["c"] == nil)
        headers["A"] = "4"
        #expect(headers.values("a") == ["4"])
        headers.add("B", "5")
        #expect(headers.values("b") == ["2", "5"])
        headers["b"] = nil
        #expect(headers.fields.map(\.name) == ["A"])
    }

    @Test("an error names the request, the reason and what to do")
    func errorText() {
        let error = HTTPClientError(
            .connect, method: "GET", url: "http://u:p@e.org/", reason: "no connection", advice: "check the network")
        #expect(error.description == "GET http://***@e.org/: no connection; check the network")
    }
}
