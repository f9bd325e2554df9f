import CivilTime
import Collecting
import LogFiles
import Logging
import Testing

@testable import WebServer

@Suite("The live pages", .timeLimit(.minutes(1)))
struct LivePageTests {
    private let live = LiveSample.path()

    private func page(_ target: String) async throws -> PageReply {
        try await TestSite(FakeHistory(health: Sample.health()), notice: "recorded data", live: live).get(target)
    }

    @Test("the list shows every market, also those of which nothing has come yet")
    func list() async throws {
        let text = try await page("/live").text
        #expect(text.contains("data-id=\"upbit:KRW-BTC\""))
        #expect(text.contains("<b data-f=\"price\">145,176,000</b>"))
        #expect(text.contains("<span class=\"down\" data-f=\"rate\">-0.42 %</span>"))
        #expect(text.contains("264,187,654,321"))
        #expect(text.contains("nothing yet"))
        #expect(text.contains("Live from upbit."))
        #expect(text.contains("recorded data"))
        #expect(text.contains("<script src=\"/live.js\" defer></script>"))
    }

    @Test("a market's page is complete without a script: price, book with depth, last trades")
    func market() async throws {
        let reply = try await page("/live/KRW-BTC")
        #expect(reply.status == 200)
        #expect(reply.text.contains("142,900,000.5"))
        #expect(reply.text.contains("<td>145,177,000</td>"))
        #expect(reply.text.contains("<rect width=\"100.0\" height=\"10\"/>"))
        #expect(reply.text.contains("data-trade=\"17000000000000060\""))
        #expect(reply.text.contains("data-events=\"/events/live?market=upbit%3AKRW-BTC\""))
        // The page has as many steps as it shows, however many the book has.
        #expect(reply.text.split(separator: "class=\"bar\"").count - 1 == 2 * LiveMarketPage.levelsShown)
    }

    @Test("what is not collected is not found, with the nearest names; without a path the pages say so")
    func missing() async throws {
        let reply = try await page("/live/KRW-BTX")
        #expect(reply.status == 404)
        #expect(reply.text.contains("No market “KRW-BTX” is collected; did you mean KRW-BTC?"))
        let none = try await TestSite(FakeHistory()).get("/live")
        #expect(none.status == 200 && none.text.contains("No real-time path runs in this program: "))
        #expect(try await TestSite(FakeHistory()).get("/live/KRW-BTC").status == 404)
        #expect(try await TestSite(FakeHistory()).get("/collectors").text.contains("No real-time path runs"))
        #expect(try await TestSite(FakeHistory()).get("/logs").text.contains("keeps no logs"))
    }

    @Test("a market's price and book are shown without its past trades, too")
    func withoutStoredTrades() async throws {
        live.change { $0.tradesFailure = Outage() }
        let reply = try await page("/live/KRW-BTC")
        #expect(reply.status == 200 && reply.text.contains("class=\"bar\""))
        #expect(reply.text.contains("Past trades cannot be read just now"))
    }

    @Test("a path that fails is said with status 503")
    func failing() async throws {
        live.change { $0.failure = Outage() }
        for target in ["/live", "/live/KRW-BTC", "/collectors"] { #expect(try await page(target).status == 503) }
    }

    @Test(
        "how the path is, is said from the age of the last good message",
        arguments: [
            (CollectorState.starting, "", nil, "Connecting to upbit: no message has come yet."),
            (
                .stalled, "no message for 35s", 35,
                "upbit is connected but silent (no message for 35s): the last message is 35s old."
            ),
            (
                .reconnecting, "reset by peer", 3,
                "Connecting to upbit again (reset by peer): the last message is 3s old."
            ),
            (
                .failing, "refused", 7_260,
                "upbit cannot be reached (refused): the last message is 2h 1m old. It goes on trying."
            ),
            (.stopped, "", 10, "Collecting from upbit has been stopped: the last message is 10s old."),
            (.running, "", 0, "Live from upbit."),
        ] as [(CollectorState, String, Int64?, String)])
    func states(state: CollectorState, reason: String, age: Int64?, sentence: String) async throws {
        live.change { $0.collectors = [LiveSample.collector(state, reason: reason, lastSecondsAgo: age)] }
        #expect(try await page("/live/KRW-BTC").text.contains(sentence))
    }

    @Test("the collectors' page has state, reason, age, figures and a line")
    func collectors() async throws {
        live.change { state in
            state.collectors.append(
                LiveSample.collector(.failing, reason: "4 tries were refused", exchange: "korbit", lastSecondsAgo: 90))
        }
        let text = try await page("/collectors").text
        #expect(text.contains("1 of 2 collectors run as they should."))
        #expect(text.contains("4 tries were refused"))
        #expect(text.contains("1m 30s ago"))
        #expect(text.contains("83 ms"))
        #expect(text.contains("17 trades filled"))
        #expect(text.contains("class=\"spark\""))
        #expect(text.contains("<b>3</b> dead letters"))
    }

    @Test("names and reasons are shown as text wherever they come from", arguments: HostileTextTests.texts)
    func hostile(text: String) async throws {
        let id = LiveMarketID(exchange: text, market: text)
        live.change { state in
            state.collectors = [LiveSample.collector(.stalled, reason: text, exchange: text, markets: [text])]
            state.symbols = [LiveSymbol(id: id, name: text)]
            let ticker = LiveTicker(
                at: LiveSample.now, price: text, change: text, changeRate: text, previousClose: text, open: text,
                high: text, low: text, volume24h: text, value24h: text)
            let book = LiveBook(at: LiveSample.now, bids: [LiveLevel(price: text, size: text)], asks: [])
            state.snapshots = [id: LiveSnapshot(id: id, ticker: ticker, book: book)]
            state.trades = [
                LiveTrade(sequentialID: 1, at: LiveSample.now, price: text, volume: text, side: .ask)
            ]
        }
        for target in ["/live", PageLink.live(id), "/collectors", "/live/\(PageLink.encoded(text))x"] {
            let page = try await page(target).text
            for markup in ["<script>alert", "<img src=x", "\"\u{301} onmouseover=\"alert", "<\u{338}b>"] {
                #expect(!page.utf8.contains(markup.utf8), "\(target)")
            }
        }
        // What goes over the wire is one line of JSON, whatever the name holds.
        let event = LiveFrame.eventText("snapshot", data: LiveJSON.snapshot(LiveSnapshot(id: id)))
        #expect(event.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
    }

    @Test("logs are searched from the page, records are text, and older ones are a link away")
    func logs() async throws {
        try await withLogFolder { folder in
            let writer = LogFileWriter(folder: folder, log: .server, now: { Sample.now })
            for number in 0..<150 {
                writer.append(
                    LogRecord(
                        time: Sample.now - .seconds(Int64(150 - number)), level: number % 2 == 0 ? .info : .error,
                        label: "web", message: "<b>record</b> \(number)", metadata: ["exchange": "upbit"]))
            }
            writer.flush()
            let site = try TestSite(FakeHistory(), programLogs: LogSearch(folder: folder))
            let first = try await site.get("/logs?file=server&exchange=upbit").text
            #expect(first.contains("&lt;b&gt;record&lt;/b&gt; 149") && !first.contains("record&lt;/b&gt; 49<"))
            let link = try #require(first.firstMatch(of: #/<a href="([^"]+)">Older/#)).1.replacing("&amp;", with: "&")
            let second = try await site.get(String(link)).text
            #expect(second.contains("record&lt;/b&gt; 49<") && !second.contains("record&lt;/b&gt; 50<"))
            let errors = try await site.get("/logs?level=error&q=RECORD%3C/B%3E%2013").text
            #expect(errors.contains("record&lt;/b&gt; 131") && !errors.contains("record&lt;/b&gt; 130"))
            #expect(try await site.get("/logs?from=soon").text.contains("“soon” is not a time"))
            #expect(try await site.get("/logs?file=collector").text.contains("Nothing matches"))
        }
    }
}
