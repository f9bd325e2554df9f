/// The list of DAGs.
enum HomeTemplate {
    static let page = """
        <div class="head"><h1>DAGs</h1>
        <form class="filter" action="/" method="get" role="search"><label class="vh" for="q">Filter DAGs</label>\
        <input id="q" name="q" type="search" placeholder="Filter by name or tag" value="{{q}}" autocomplete="off" data-filter></form></div>
        <div data-live="home">
        <section class="status" aria-label="Scheduler">
        <p class="{{scheduler.class}}"><strong>{{scheduler.title}}</strong> {{scheduler.text}}</p>
        <ul class="counts">{{#counts}}<li><span class="dot {{class}}"></span><b>{{count}}</b> {{words}}</li>{{/counts}}</ul>
        </section>
        {{#hasErrors}}<section class="errors" aria-labelledby="errors"><h2 id="errors">{{errorTitle}}</h2>
        {{#errors}}<div class="broken"><h3>{{file}}</h3><ul>{{#problems}}<li><code>{{place}}</code> \
        <span class="sev">{{severity}}</span> {{message}}{{#hint}} <em>{{hint}}</em>{{/hint}}</li>{{/problems}}</ul>\
        {{#rest}}<p class="dim">{{rest}}</p>{{/rest}}</div>{{/errors}}</section>{{/hasErrors}}
        {{^empty}}<div class="scroll"><table class="list dags"><caption class="vh">DAGs with their schedules and last runs</caption>
        <thead><tr><th scope="col">DAG</th><th scope="col">Schedule</th><th scope="col">Last runs<span class="dim">, newest right</span></th>\
        <th scope="col">Next run</th><th scope="col">Last run took</th></tr></thead>
        <tbody>{{#dags}}<tr data-name="{{filterText}}">
        <th scope="row"><a href="{{href}}">{{name}}</a>{{#id}} <span class="dim">{{id}}</span>{{/id}}\
        {{#paused}} <span class="tag warn">paused</span>{{/paused}}{{#inactive}} <span class="tag warn">document gone</span>{{/inactive}}\
        {{#active}} <span class="tag live">{{active}}</span>{{/active}}{{#tags}} <span class="tag">{{.}}</span>{{/tags}}\
        {{#summary}}<div class="sub">{{summary}}</div>{{/summary}}</th>
        <td data-label="Schedule">{{schedule}}{{#cron}}<div class="sub"><code>{{cron}}</code></div>{{/cron}}</td>
        <td data-label="Last runs">{{{squares}}}</td>
        <td data-label="Next run">{{#next}}{{relative}}<div class="sub"><time datetime="{{iso}}">{{text}}</time></div>{{/next}}\
        {{#nextNote}}<div class="sub">{{nextNote}}</div>{{/nextNote}}</td>
        <td data-label="Last run took">{{took}}</td></tr>{{/dags}}</tbody></table></div>{{/empty}}
        {{#empty}}<p class="none">{{empty}}</p>{{/empty}}
        {{#more}}<nav class="paging" aria-label="Pages">{{#previous}}<a href="{{previous}}">Previous</a>{{/previous}} \
        <span>{{more}}</span> {{#following}}<a href="{{following}}">Next</a>{{/following}}</nav>{{/more}}
        </div>
        """
}
