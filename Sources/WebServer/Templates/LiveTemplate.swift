/// The live pages: complete without a script, which then keeps them so.
///
/// The script finds values by `data-f`; both write numbers the same way.
enum LiveTemplate {
    static let state = """
        <p class="live-state {{tone}}" id="live-state" role="status" aria-live="polite"><span class="lamp" aria-hidden="true"></span>\
        <span data-status>{{status}}</span></p>
        """

    static let list = """
        <h1>Live prices</h1>
        {{#note}}<p class="none">{{note}}</p>{{/note}}
        {{#any}}{{> liveState}}
        <div class="scroll" data-events="/events/live" data-page="list"><table class="list dags live"><caption class="vh">Live prices</caption>
        <thead><tr><th scope="col">Market</th><th scope="col" class="num">Price</th><th scope="col" class="num">Since yesterday's close</th>\
        <th scope="col" class="num">High</th><th scope="col" class="num">Low</th><th scope="col" class="num">Traded in 24 hours</th>\
        <th scope="col">Last change, UTC</th></tr></thead>
        <tbody>{{#rows}}<tr data-id="{{id}}"><th scope="row"><a href="{{href}}">{{market}}</a> <span class="dim">{{exchange}}</span>\
        {{#name}}<div class="sub">{{name}}</div>{{/name}}</th>
        <td data-label="Price" class="num"><b data-f="price">{{price}}</b> <span class="dim">{{quote}}</span></td>
        <td data-label="Since yesterday" class="num"><span class="{{direction}}" data-f="rate">{{rate}}</span></td>
        <td data-label="High" class="num" data-f="high">{{high}}</td><td data-label="Low" class="num" data-f="low">{{low}}</td>
        <td data-label="24 hours" class="num"><span data-f="value">{{value}}</span> <span class="dim">{{quote}}</span></td>
        <td data-label="Last change"><time datetime="{{at}}" data-f="time">{{time}}</time></td></tr>{{/rows}}</tbody></table></div>{{/any}}
        """

    static let one = """
        <nav class="crumbs" aria-label="Path"><a href="/live">Live</a> / {{exchange}}</nav>
        <h1>{{market}} <span class="dim">{{name}}</span></h1>
        {{> liveState}}
        <div data-events="{{events}}" data-page="market" data-id="{{id}}">
        <p class="price"><b data-f="price">{{price}}</b> <span class="dim">{{quote}}</span> <span class="{{direction}}" data-f="rate">{{rate}}</span> \
        <span class="dim"><span data-f="change">{{change}}</span> since yesterday's close · <time datetime="{{at}}" data-f="time">{{time}}</time> UTC</span></p>
        <dl class="facts">
        <div><dt>High today</dt><dd data-f="high">{{high}}</dd></div><div><dt>Low today</dt><dd data-f="low">{{low}}</dd></div>
        <div><dt>Opened at</dt><dd data-f="open">{{open}}</dd></div><div><dt>Yesterday's close</dt><dd data-f="previous">{{previous}}</dd></div>
        <div><dt>Traded in 24 hours</dt><dd><span data-f="volume">{{volume}}</span> <span class="dim">{{base}}</span></dd></div>
        <div><dt>Worth</dt><dd><span data-f="value">{{value}}</span> <span class="dim">{{quote}}</span></dd></div>
        </dl>
        <div class="pair">
        <section aria-labelledby="book"><h2 id="book">Order book</h2>
        <p class="none" data-no-book{{#hasBook}} hidden{{/hasBook}}>No order book has come yet.</p>
        <table class="book"{{^hasBook}} hidden{{/hasBook}}><caption class="vh">Order book, best prices in the middle</caption>
        <thead><tr><th scope="col">Price, {{quote}}</th><th scope="col">Size, {{base}}</th><th scope="col"><span class="vh">Depth</span></th></tr></thead>
        <tbody data-side="asks">{{#asks}}<tr class="down"><td>{{price}}</td><td>{{size}}</td><td class="bar"><svg viewBox="0 0 100 10" \
        preserveAspectRatio="none" aria-hidden="true"><rect width="{{width}}" height="10"/></svg></td></tr>{{/asks}}</tbody>
        <tbody data-side="bids">{{#bids}}<tr class="up"><td>{{price}}</td><td>{{size}}</td><td class="bar"><svg viewBox="0 0 100 10" \
        preserveAspectRatio="none" aria-hidden="true"><rect width="{{width}}" height="10"/></svg></td></tr>{{/bids}}</tbody></table>
        <p class="sub"><time data-f="bookAt">{{bookAt}}</time></p></section>
        <section aria-labelledby="trades"><h2 id="trades">Last trades</h2>
        <p class="none" data-no-trades{{^noTrades}} hidden{{/noTrades}}>{{tradesNote}}</p>
        <table class="tape"{{#noTrades}} hidden{{/noTrades}}><caption class="vh">Last trades, newest first</caption><thead><tr><th scope="col">Time, UTC</th>\
        <th scope="col">Price, {{quote}}</th><th scope="col">Volume, {{base}}</th><th scope="col">Taker</th></tr></thead>
        <tbody data-trades>{{#trades}}<tr data-trade="{{id}}"><td><time datetime="{{at}}">{{time}}</time></td><td>{{price}}</td><td>{{volume}}</td>\
        <td><span class="{{direction}}">{{side}}</span></td></tr>{{/trades}}</tbody></table></section>
        </div>
        <p><a href="{{history}}">Hourly history and indicators</a></p>
        </div>
        """
}
