/// The search of the programs' logs.
enum LogTemplate {
    static let page = """
        <h1>Logs</h1>
        {{#note}}<p class="none">{{note}}</p>{{/note}}
        {{#hasSearch}}<section aria-label="Search"><form class="search" action="/logs" method="get">
        <label>Log<select name="file">{{#files}}<option value="{{token}}"{{#chosen}} selected{{/chosen}}>{{token}}</option>{{/files}}</select></label>
        <label>Level<select name="level">{{#levels}}<option value="{{token}}"{{#chosen}} selected{{/chosen}}>{{words}}</option>{{/levels}}</select></label>
        <label>Exchange<input name="exchange" value="{{exchange}}" placeholder="any" size="8" autocomplete="off"></label>
        <label>From, UTC<input name="from" value="{{from}}" placeholder="2026-11-20T12:00" size="17" autocomplete="off"></label>
        <label>Until, UTC<input name="to" value="{{to}}" placeholder="now" size="17" autocomplete="off"></label>
        <label>Text<input name="q" type="search" value="{{q}}" placeholder="in message or fields" size="22" autocomplete="off"></label>
        <button>Search</button></form></section>
        {{#problem}}<p class="reason failed">{{problem}}</p>{{/problem}}
        {{#any}}<div class="scroll"><table class="list dags records"><caption class="vh">Log records, newest first</caption>
        <thead><tr><th scope="col">Time, UTC</th><th scope="col">Level</th><th scope="col">Where</th><th scope="col">What</th></tr></thead>
        <tbody>{{#records}}<tr><td data-label="Time"><time datetime="{{iso}}">{{time}}</time></td>\
        <td data-label="Level"><span class="level {{level}}">{{level}}</span></td><td data-label="Where">{{label}}</td>\
        <td data-label="What">{{message}}{{#fields}}<div class="sub"><code>{{fields}}</code></div>{{/fields}}</td></tr>{{/records}}</tbody></table></div>{{/any}}
        {{#none}}<p class="none">{{none}}</p>{{/none}}
        {{#more}}<nav class="paging" aria-label="Pages">{{#newest}}<a href="{{newest}}">Newest</a>{{/newest}} <span>{{more}}</span> \
        {{#older}}<a href="{{older}}">Older</a>{{/older}}</nav>{{/more}}{{/hasSearch}}
        """
}
