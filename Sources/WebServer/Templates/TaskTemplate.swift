/// One task of a run: a try's log, and the output.
enum TaskTemplate {
    static let page = """
        <nav class="crumbs" aria-label="Path"><a href="/">DAGs</a> / <a href="{{dagLink}}">{{dag}}</a> / \
        <a href="{{runLink}}">{{runID}}</a></nav>
        <div data-live="task">
        <h1 class="long">{{name}} {{#look}}{{> badge}}{{/look}}{{#group}} <span class="tag" title="task group">{{group}}</span>{{/group}}</h1>
        {{#reason}}<p class="reason{{#failed}} failed{{/failed}}">{{reason}}</p>{{/reason}}
        {{#hasNotes}}<section aria-label="Notes">{{#notes}}<div class="reason note"><p>{{text}}</p>\
        <p class="dim">{{author}}, {{#written}}{{> time}}{{/written}}</p></div>{{/notes}}</section>{{/hasNotes}}
        {{#hasTries}}<nav class="tries" aria-label="Tries">{{#tries}}<a href="{{href}}"{{#current}} aria-current="page"{{/current}}>\
        try {{number}} {{#look}}{{> badge}}{{/look}}</a>{{/tries}}</nav>{{/hasTries}}
        {{#attempt}}<dl class="facts">
        <div><dt>Try</dt><dd>{{number}} of {{of}}</dd></div>
        <div><dt>Queued</dt><dd>{{queued}} <span class="dim">waited {{waited}}</span></dd></div>
        <div><dt>Started</dt><dd>{{#started}}{{> time}}{{/started}}</dd></div>
        <div><dt>Ended</dt><dd>{{#ended}}{{> time}}{{/ended}}{{^ended}}not yet{{/ended}}</dd></div>
        <div><dt>Took</dt><dd>{{took}}</dd></div>
        {{#exit}}<div><dt>Exit status</dt><dd>{{exit}}</dd></div>{{/exit}}
        <div><dt>Pool</dt><dd>{{pool}}</dd></div>
        {{#process}}<div><dt>Process</dt><dd>{{process}}</dd></div>{{/process}}
        {{#why}}<div class="wide"><dt>Reason</dt><dd>{{why}}</dd></div>{{/why}}
        </dl>
        <section aria-labelledby="log"><div class="head"><h2 id="log">Log</h2>{{#whole}}<a href="{{whole}}">{{wholeText}}</a>{{/whole}}</div>
        {{#cut}}<p class="dim">{{cut}}</p>{{/cut}}
        {{#log}}<pre class="log tall" id="log-text" data-end tabindex="0">{{log}}</pre>{{/log}}
        {{^log}}<p class="none">{{noLog}}</p>{{/log}}</section>{{/attempt}}
        {{^attempt}}<p class="none">{{noTry}}</p>{{/attempt}}
        {{#hasOutputs}}<section aria-labelledby="output"><h2 id="output">Output</h2>{{#outputs}}<h3><code>{{key}}</code></h3>\
        <pre class="code">{{value}}</pre>{{#cut}}<p class="dim">{{cut}}</p>{{/cut}}{{/outputs}}</section>{{/hasOutputs}}
        </div>
        """
}
