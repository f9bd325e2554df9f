/// One DAG.
enum DAGTemplate {
    static let page = """
        <nav class="crumbs" aria-label="Path"><a href="/">DAGs</a></nav>
        <h1>{{name}}{{#paused}} <span class="tag warn">paused</span>{{/paused}}\
        {{#inactive}} <span class="tag warn">document gone</span>{{/inactive}}</h1>
        {{#summary}}<p class="lead">{{summary}}</p>{{/summary}}
        <div data-live="dag">
        <dl class="facts">
        <div><dt>Schedule</dt><dd>{{schedule}}{{#cron}} <code>{{cron}}</code>{{/cron}}</dd></div>
        <div><dt>Next run</dt><dd>{{#next}}{{> time}}{{/next}} {{nextNote}}</dd></div>
        <div><dt>Active runs</dt><dd>{{active}} of at most {{maxActive}}</dd></div>
        <div><dt>Catchup</dt><dd>{{catchup}}</dd></div>
        </dl>
        <section aria-labelledby="grid"><div class="head"><h2 id="grid">Runs and tasks</h2>
        <span class="choices">{{#choices}}{{#href}}<a href="{{href}}">{{text}}</a>{{/href}}{{^href}}<b>{{text}}</b>{{/href}} {{/choices}}runs</span></div>
        {{#hasGrid}}{{{grid}}}<ul class="legend" aria-label="Colours">{{#legend}}<li><span class="sq {{class}}" aria-hidden="true">{{sign}}</span>\
        {{words}}</li>{{/legend}}</ul>{{/hasGrid}}
        {{^hasGrid}}<p class="none">No runs yet.</p>{{/hasGrid}}</section>
        <section aria-labelledby="runs"><h2 id="runs">Runs</h2>
        <div class="scroll"><table class="list"><caption class="vh">Runs, newest first</caption>
        <thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Type</th><th scope="col">Logical date</th>\
        <th scope="col">Started</th><th scope="col">Took</th></tr></thead>
        <tbody>{{#runs}}<tr><th scope="row"><a href="{{href}}">{{runID}}</a>{{#reason}}<div class="sub">{{reason}}</div>{{/reason}}</th>
        <td data-label="State">{{#look}}{{> badge}}{{/look}}</td><td data-label="Type">{{type}}</td>
        <td data-label="Logical date">{{logical}}</td><td data-label="Started">{{#started}}<time datetime="{{iso}}" title="{{text}} UTC">\
        {{text}}</time><div class="sub">{{relative}}</div>{{/started}}</td><td data-label="Took">{{took}}</td></tr>{{/runs}}</tbody></table></div>
        <nav class="paging" aria-label="Pages of runs">{{#newest}}<a href="{{newest}}">Newest</a>{{/newest}} \
        {{#older}}<a href="{{older}}">Older</a>{{/older}}</nav></section>
        {{#hasDueInstants}}<section aria-labelledby="ledger"><h2 id="ledger">Due instants</h2>
        {{#hasLedger}}<ul class="counts">{{#fates}}<li><b>{{count}}</b> {{words}}</li>{{/fates}}</ul>
        <details id="ledger-rows"><summary>{{ledgerTitle}}</summary><div class="scroll"><table class="list narrow">
        <thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Instants</th><th scope="col">What became of them</th></tr></thead>
        <tbody>{{#ledger}}<tr><td data-label="From">{{from}}</td><td data-label="To">{{to}}</td><td data-label="Instants">{{count}}</td>\
        <td data-label="Fate">{{fate}}</td></tr>{{/ledger}}</tbody></table></div></details>{{/hasLedger}}
        {{^hasLedger}}<p class="none">No instant of its schedule has come yet.</p>{{/hasLedger}}</section>{{/hasDueInstants}}
        {{#hasBackfills}}<section aria-labelledby="backfills"><h2 id="backfills">Backfills</h2>{{> progress}}</section>{{/hasBackfills}}
        <section aria-labelledby="tasks"><h2 id="tasks">Tasks</h2>
        <ol class="layers">{{#layers}}<li><ul>{{#tasks}}<li class="node"><b>{{id}}</b> <span class="dim">{{body}}</span>{{#group}} <span class="tag" title="task group">{{group}}</span>{{/group}}\
        {{#after}}<div class="sub">after {{after}}</div>{{/after}}{{#extra}}<div class="sub">{{extra}}</div>{{/extra}}</li>{{/tasks}}</ul></li>{{/layers}}</ol></section>
        <section aria-labelledby="document"><h2 id="document">Document</h2>
        <dl class="facts"><div><dt>File</dt><dd><code>{{file}}</code></dd></div><div><dt>Version</dt><dd>{{versionNumber}} \
        <code title="{{version}}">{{shortVersion}}</code></dd></div>{{#owner}}<div><dt>Owner</dt><dd>{{owner}}</dd></div>{{/owner}}\
        {{#hasTags}}<div><dt>Tags</dt><dd>{{#tags}}<span class="tag">{{.}}</span> {{/tags}}</dd></div>{{/hasTags}}</dl>
        <details id="source"><summary>Text of the document</summary><pre class="code">{{source}}</pre></details>
        <details id="versions"><summary>{{versionCount}}</summary><ul class="plain">{{#versions}}<li>{{number}}: \
        <code>{{hash}}</code> since {{since}}</li>{{/versions}}</ul></details></section>
        </div>
        """
}
