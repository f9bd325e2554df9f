/// The collectors' page.
enum CollectorTemplate {
    static let page = """
        <h1>Collectors</h1>
        {{#isLive}}<p class="live-state bad" id="live-state" role="status" aria-live="polite" hidden><span class="lamp" aria-hidden="true"></span>\
        <span data-status></span></p>
        <div data-events="/events/collectors" data-page="board">{{> board}}</div>{{/isLive}}
        {{^isLive}}{{#note}}<p class="none">{{note}}</p>{{/note}}{{/isLive}}
        """

    /// What is sent anew every second.
    static let board = """
        {{#note}}<p class="none">{{note}}</p>{{/note}}
        {{#any}}<section class="status" aria-label="Summary"><p class="{{tone}}"><strong>{{summary}}</strong> <span class="dim">As of {{asOf}}.</span></p>
        <ul class="counts">{{#figures}}<li><b>{{value}}</b> {{name}}</li>{{/figures}}</ul></section>
        <div class="scroll"><table class="list dags"><caption class="vh">Collectors with their states and figures</caption>
        <thead><tr><th scope="col">Collector</th><th scope="col">State</th><th scope="col">Last message</th><th scope="col">Messages, last minute</th>\
        <th scope="col" class="num">Lag</th><th scope="col" class="num">Reconnects</th><th scope="col" class="num">Gaps</th>\
        <th scope="col" class="num">Shed</th><th scope="col" class="num">Malformed</th></tr></thead>
        <tbody>{{#rows}}<tr><th scope="row">{{exchange}} <span class="dim">{{name}}</span><div class="sub">{{#markets}}<a href="{{href}}">{{market}}</a> {{/markets}}{{rest}}</div></th>
        <td data-label="State">{{#look}}{{> badge}}{{/look}}{{#reason}}<div>{{reason}}</div>{{/reason}}<div class="sub" title="{{since}}">{{for}}</div></td>
        <td data-label="Last message"><span title="{{last}}">{{age}}</span><div class="sub">{{messages}} in all</div></td>
        <td data-label="Last minute">{{{spark}}}<div class="sub">{{rate}}</div></td>
        <td data-label="Lag" class="num">{{lag}}</td><td data-label="Reconnects" class="num">{{reconnects}}</td>
        <td data-label="Gaps" class="num">{{gaps}}<div class="sub">{{filled}}</div></td><td data-label="Shed" class="num">{{shed}}</td>
        <td data-label="Malformed" class="num">{{malformed}}</td></tr>{{/rows}}</tbody></table></div>{{/any}}
        """
}
