/// The market pages.
enum MarketTemplate {
    static let list = """
        <h1>Market</h1>
        <div data-live="market">
        {{#note}}<p class="none">{{note}}</p>{{/note}}
        {{#any}}<p class="dim">{{freshness}}</p>
        <div class="scroll"><table class="list dags"><caption class="vh">Latest prices</caption>
        <thead><tr><th scope="col">Market</th><th scope="col">Exchange</th><th scope="col" class="num">Price</th>\
        <th scope="col" class="num">24 hours</th><th scope="col">As of</th><th scope="col">{{coverageTitle}}</th></tr></thead>
        <tbody>{{#markets}}<tr><th scope="row"><a href="{{href}}">{{market}}</a></th><td data-label="Exchange">{{exchange}}</td>
        <td data-label="Price" class="num">{{price}} <span class="dim">{{quote}}</span></td>
        <td data-label="24 hours" class="num"><span class="{{direction}}">{{change}}</span></td>
        <td data-label="As of">{{#asOf}}<time datetime="{{iso}}">{{text}}</time><div class="sub">{{relative}}</div>{{/asOf}}</td>
        <td data-label="{{coverageTitle}}">{{hours}}</td></tr>{{/markets}}</tbody></table></div>{{/any}}
        </div>
        """

    static let one = """
        <nav class="crumbs" aria-label="Path"><a href="/market">Market</a> / {{exchange}}</nav>
        <h1>{{market}}</h1>
        <div data-live="market">
        <p class="price"><b>{{price}}</b> <span class="dim">{{quote}}</span> <span class="{{direction}}">{{change}}</span> \
        <span class="dim">in 24 hours · as of {{#asOf}}{{text}} UTC, {{relative}}{{/asOf}}</span></p>
        <section aria-labelledby="line"><h2 id="line">Price, hourly closes</h2>{{#hasLine}}<div class="scroll" id="line-wrap" data-right>{{{line}}}</div>\
        <p class="legend"><span class="key close"></span> close <span class="key mean"></span> mean of 25 hours \
        <span class="dim">{{lineNote}}</span></p>{{/hasLine}}{{^hasLine}}<p class="none">No candles yet.</p>{{/hasLine}}</section>
        {{#forecast}}{{> forecast}}{{/forecast}}
        <section aria-labelledby="indicators"><h2 id="indicators">Latest indicators</h2>
        {{#hasReadings}}<p class="dim">Of the hour from {{readingHour}}. A dash means that the window is not full.</p>
        <div class="groups">{{#groups}}<table class="list readings"><caption>{{group}}</caption><tbody>{{#readings}}<tr><th scope="row">{{name}}</th>\
        <td class="num">{{value}}</td></tr>{{/readings}}</tbody></table>{{/groups}}</div>{{/hasReadings}}
        {{^hasReadings}}<p class="none">No indicators yet: they come with the first Gold run.</p>{{/hasReadings}}</section>
        {{#hours}}<section aria-labelledby="coverage"><h2 id="coverage">{{coverageTitle}}</h2><p>{{hours}}</p></section>{{/hours}}
        </div>
        """
}
