/// One run.
enum RunTemplate {
    static let page = """
        <nav class="crumbs" aria-label="Path"><a href="/">DAGs</a> / <a href="{{dagLink}}">{{dag}}</a></nav>
        <div data-live="run">
        <h1 class="long">{{runID}} {{#look}}{{> badge}}{{/look}}</h1>
        {{#reason}}<p class="reason{{#failed}} failed{{/failed}}">{{reason}}</p>{{/reason}}
        {{#hasNotes}}<section aria-label="Notes">{{#notes}}<div class="reason note"><p>{{text}}</p>\
        <p class="dim">{{#task}}on {{task}}, {{/task}}{{author}}, {{#written}}{{> time}}{{/written}}</p></div>{{/notes}}</section>{{/hasNotes}}
        <dl class="facts">
        <div><dt>Type</dt><dd>{{type}}</dd></div>
        <div><dt>Asked for by</dt><dd>{{by}}</dd></div>
        {{#logical}}<div><dt>Logical date</dt><dd>{{> time}}</dd></div>{{/logical}}
        {{#interval}}<div><dt>Data interval</dt><dd>{{interval}}</dd></div>{{/interval}}
        {{#events}}<div><dt>Asset events cover</dt><dd>{{events}}</dd></div>{{/events}}
        <div><dt>Due</dt><dd>{{#due}}{{> time}}{{/due}}</dd></div>
        <div><dt>Started</dt><dd>{{#started}}{{> time}}{{/started}}{{^started}}not yet{{/started}}</dd></div>
        <div><dt>Ended</dt><dd>{{#ended}}{{> time}}{{/ended}}{{^ended}}not yet{{/ended}}</dd></div>
        <div><dt>Took</dt><dd>{{took}}</dd></div>
        <div><dt>Document version</dt><dd>{{versionNumber}} <code title="{{version}}">{{shortVersion}}</code></dd></div>
        {{#conf}}<div class="wide"><dt>Configuration</dt><dd><code>{{conf}}</code></dd></div>{{/conf}}
        </dl>
        <section aria-labelledby="time"><h2 id="time">Time</h2>{{#hasChart}}{{{chart}}}{{/hasChart}}\
        {{^hasChart}}<p class="none">No task has started yet.</p>{{/hasChart}}</section>
        <section aria-labelledby="tasks"><h2 id="tasks">Tasks</h2>
        <div class="scroll"><table class="list"><caption class="vh">Tasks of this run</caption>
        <thead><tr><th scope="col">Task</th><th scope="col">State</th><th scope="col">Tries</th><th scope="col">Started</th>\
        <th scope="col">Took</th><th scope="col">Reason</th></tr></thead>
        <tbody>{{#tasks}}<tr><th scope="row"><a href="{{href}}">{{name}}</a>{{#group}} <span class="tag" title="task group">{{group}}</span>{{/group}}</th>
        <td data-label="State">{{#look}}{{> badge}}{{/look}}</td><td data-label="Tries">{{tries}}</td>
        <td data-label="Started">{{#taskStarted}}<time datetime="{{iso}}" title="{{relative}}">{{text}}</time>{{/taskStarted}}</td>\
        <td data-label="Took">{{took}}</td><td data-label="Reason">{{reason}}</td></tr>{{/tasks}}</tbody></table></div>
        {{#moreTasks}}<p class="dim">{{moreTasks}}</p>{{/moreTasks}}</section>
        <section aria-labelledby="tries"><h2 id="tries">Tries and logs</h2>
        {{#tried}}<details id="{{anchor}}"{{#open}} open{{/open}}><summary>{{name}} {{#look}}{{> badge}}{{/look}} \
        <span class="dim">{{tries}}</span></summary>
        <div class="scroll"><table class="list narrow"><thead><tr><th scope="col">Try</th><th scope="col">State</th><th scope="col">Started</th>\
        <th scope="col">Waited</th><th scope="col">Took</th><th scope="col">Exit</th><th scope="col">Reason</th><th scope="col">Log</th></tr></thead>
        <tbody>{{#attempts}}<tr><th scope="row">{{number}}</th><td data-label="State">{{#look}}{{> badge}}{{/look}}</td>
        <td data-label="Started">{{started}}</td><td data-label="Waited">{{waited}}</td><td data-label="Took">{{took}}</td>\
        <td data-label="Exit">{{exit}}</td><td data-label="Reason">{{reason}}</td>
        <td data-label="Log"><a href="{{href}}">try {{number}}</a></td></tr>{{/attempts}}</tbody></table></div>
        {{#log}}<pre class="log" id="log-{{anchor}}" data-end tabindex="0">{{log}}</pre>{{/log}}</details>{{/tried}}
        {{#moreTries}}<p class="dim">{{moreTries}}</p>{{/moreTries}}
        {{^anyTried}}<p class="none">No task has been tried yet.</p>{{/anyTried}}</section>
        </div>
        """
}
