/// Keeps the live pages live: takes server-sent events, and shows them once a frame of the screen.
///
/// Numbers are written as the server writes them, from exact text.
enum LiveScript {
    static let text = #"""
        "use strict";
        (() => {
          const root = document.querySelector("[data-events]");
          if (!root || !window.EventSource) return;
          const kind = root.dataset.page;
          const state = document.getElementById("live-state");
          const stateText = state && state.querySelector("[data-status]");
          const grouped = (text) => {
            const parts = /^(-?)(\d+)(\.\d+)?$/.exec(text);
            return parts ? parts[1] + parts[2].replace(/\B(?=(\d{3})+$)/g, ",") + (parts[3] || "") : text;
          };
          const signed = (text) => (/^-|^0*\.?0*$/.test(text) ? "" : "+") + grouped(text);
          const amount = (text) => {
            const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
            if (!parts) return text;
            const digits = parts[2].length >= 4 ? "" : (parts[3] || "").slice(0, 6 - parts[2].length).replace(/0+$/, "");
            return grouped(parts[1] + parts[2]) + (digits ? "." + digits : "");
          };
          const percent = (text) => {
            const value = Number(text) * 100;
            return Number.isFinite(value) ? (value > 0 ? "+" : "") + value.toFixed(2) + " %" : "–";
          };
          const direction = (text) => (Number(text) > 0 ? "up" : Number(text) < 0 ? "down" : "flat");
          const clock = (iso) => iso.slice(0, 19).replace("T", " ");
          const put = (place, name, text) => {
            const cell = place.querySelector('[data-f="' + name + '"]');
            if (cell && cell.textContent !== text) cell.textContent = text;
            return cell;
          };

          // What is to be shown at the next frame of the screen, by market.
          const markets = new Map();
          const market = (message) => {
            const id = message.exchange + ":" + message.symbol;
            if (!markets.has(id)) markets.set(id, { priceAt: 0, tickerAt: 0, bookAt: 0, trades: [] });
            const known = markets.get(id);
            known.dirty = true;
            return known;
          };
          const takeTrade = (known, trade) => {
            known.trades.push(trade);
            const at = Date.parse(trade.at);
            if (at >= known.priceAt) { known.priceAt = at; known.price = trade.price; known.priceTime = trade.at; }
          };
          const takeTicker = (known, ticker) => {
            const at = Date.parse(ticker.at);
            if (at >= known.tickerAt) { known.tickerAt = at; known.ticker = ticker; }
            if (at >= known.priceAt) { known.priceAt = at; known.price = ticker.price; known.priceTime = ticker.at; }
          };
          const takeBook = (known, book) => {
            const at = Date.parse(book.at);
            if (at >= known.bookAt) { known.bookAt = at; known.book = book; }
          };
          const take = (message) => {
            const known = market(message);
            if (message.type === "trade") takeTrade(known, message);
            else if (message.type === "ticker") takeTicker(known, message);
            else if (message.type === "orderbook") takeBook(known, message);
            else if (message.type === "snapshot") {
              known.fresh = true;
              known.trades = [];
              known.priceAt = known.tickerAt = known.bookAt = 0;
              for (const trade of (message.trades || []).slice().reverse()) takeTrade(known, trade);
              if (message.ticker) takeTicker(known, message.ticker);
              if (message.orderbook) takeBook(known, message.orderbook);
            }
          };

          const showFigures = (place, known) => {
            if (known.price !== undefined) {
              put(place, "price", grouped(known.price));
              const time = put(place, "time", clock(known.priceTime));
              if (time) time.dateTime = known.priceTime;
            }
            const ticker = known.ticker;
            if (!ticker) return;
            const rate = put(place, "rate", percent(ticker.change_rate));
            if (rate) rate.className = direction(ticker.change_rate);
            put(place, "change", signed(ticker.change));
            put(place, "high", grouped(ticker.high));
            put(place, "low", grouped(ticker.low));
            put(place, "open", grouped(ticker.open));
            put(place, "previous", grouped(ticker.previous_close));
            put(place, "volume", amount(ticker.volume_24h));
            put(place, "value", amount(ticker.value_24h));
          };
          const showSide = (name, levels, most) => {
            const rows = [...root.querySelector('[data-side="' + name + '"]').rows];
            if (name === "asks") rows.reverse();
            rows.forEach((row, place) => {
              const level = levels[place];
              const texts = level ? [grouped(level[0]), grouped(level[1])] : ["", ""];
              for (const cell of [0, 1]) {
                if (row.cells[cell].textContent !== texts[cell]) row.cells[cell].textContent = texts[cell];
              }
              const share = level && most > 0 ? Math.min(100, Number(level[1]) / most * 100) : 0;
              row.querySelector("rect").setAttribute("width", share.toFixed(1));
            });
          };
          const showBook = (book) => {
            const table = root.querySelector("table.book");
            table.hidden = false;
            root.querySelector("[data-no-book]").hidden = true;
            const shown = table.querySelector('[data-side="asks"]').rows.length;
            const most = Math.max(...[...book.asks.slice(0, shown), ...book.bids.slice(0, shown)].map((level) => Number(level[1])), 0);
            showSide("asks", book.asks, most);
            showSide("bids", book.bids, most);
            put(root, "bookAt", clock(book.at) + " UTC");
          };
          const mostTrades = 30;
          const showTrades = (known) => {
            const body = root.querySelector("[data-trades]");
            if (known.fresh) body.replaceChildren();
            const seen = new Set([...body.rows].map((row) => row.dataset.trade));
            const fresh = known.trades.slice(-mostTrades);
            for (const trade of fresh) {
              if (seen.has(trade.sequential_id)) continue;
              const row = document.createElement("tr");
              row.dataset.trade = trade.sequential_id;
              const texts = [trade.at.slice(11, 19), grouped(trade.price), grouped(trade.volume), trade.side === "bid" ? "buy" : "sell"];
              texts.forEach((text, place) => {
                const cell = row.insertCell();
                const holder = place === 3 ? cell.appendChild(document.createElement("span"))
                  : place === 0 ? cell.appendChild(document.createElement("time")) : cell;
                holder.textContent = text;
                if (place === 3) holder.className = trade.side === "bid" ? "up" : "down";
                if (place === 0) holder.dateTime = trade.at;
              });
              body.prepend(row);
            }
            while (body.rows.length > mostTrades) body.deleteRow(-1);
            if (body.rows.length > 0) {
              body.closest("table").hidden = false;
              root.querySelector("[data-no-trades]").hidden = true;
            }
          };
          const show = () => {
            scheduled = false;
            cancelAnimationFrame(frame);
            clearTimeout(fallback);
            for (const [id, known] of markets) {
              if (!known.dirty) continue;
              known.dirty = false;
              if (kind === "list") {
                if (!known.row) known.row = root.querySelector('tr[data-id="' + CSS.escape(id) + '"]');
                if (known.row) showFigures(known.row, known); else missing();
              } else if (id === root.dataset.id) {
                showFigures(root, known);
                if (known.book) showBook(known.book);
                if (known.trades.length > 0 || known.fresh) showTrades(known);
              }
              known.fresh = false;
              known.trades = [];
            }
          };
          let scheduled = false;
          let frame = 0;
          let fallback = 0;
          // A screen that draws no frames must not keep what is known from the page.
          const schedule = () => {
            if (scheduled) return;
            scheduled = true;
            frame = requestAnimationFrame(show);
            fallback = setTimeout(show, 100);
          };
          // A market that was added since the page was made.
          let asked = false;
          const missing = () => {
            if (asked) return;
            asked = true;
            setTimeout(() => location.reload(), 1000);
          };

          const say = (tone, text) => {
            if (!state) return;
            state.className = "live-state " + tone;
            state.hidden = kind === "board" && tone === "good";
            if (stateText.textContent !== text) stateText.textContent = text;
          };
          let source = null;
          let lastAt = 0;
          let pause = 1000;
          let timer = 0;
          const close = () => { if (source) source.close(); source = null; };
          const again = () => {
            clearTimeout(timer);
            timer = setTimeout(open, pause);
            pause = Math.min(pause * 2, 15000);
          };
          const heard = () => { lastAt = performance.now(); pause = 1000; };
          const open = () => {
            close();
            clearTimeout(timer);
            if (document.hidden) return;
            lastAt = performance.now();
            source = new EventSource(root.dataset.events);
            const on = (name, body) => source.addEventListener(name, (event) => { heard(); body(event.data); });
            on("message", (data) => { for (const message of JSON.parse(data)) take(message); schedule(); });
            on("snapshot", (data) => { for (const message of JSON.parse(data)) take(message); schedule(); });
            on("status", (data) => { const status = JSON.parse(data); say(status.tone, status.text); });
            on("beat", () => {});
            on("busy", (data) => { say("warn", JSON.parse(data).text); close(); pause = 15000; again(); });
            on("board", (data) => {
              say("good", "");
              if (String(window.getSelection()) !== "" && root.contains(window.getSelection().anchorNode)) return;
              root.innerHTML = JSON.parse(data);
            });
            source.onerror = () => {
              say("bad", "No connection to CryptoFlow: what is shown may be old. Trying again …");
              if (source && source.readyState === EventSource.CLOSED) { close(); again(); }
            };
          };
          // A connection that died without a word.
          setInterval(() => {
            if (source && performance.now() - lastAt > 25000) {
              say("bad", "No connection to CryptoFlow: what is shown may be old. Trying again …");
              open();
            }
          }, 5000);
          document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else open(); });
          window.addEventListener("pagehide", close);
          open();
        })();

        """#
}
