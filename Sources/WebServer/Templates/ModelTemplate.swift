/// The pages of models, and the forecast on a market's page.
///
/// The former do not refresh themselves: what they show changes once a day.
enum ModelTemplate {
    static let all = ["models": list, "model": one, "forecast": forecast]

    private static let list = """
        <h1>Models</h1>
        <section class="status" aria-label="In use">{{#inUse}}<p>In use: <a href="{{href}}"><strong>{{name}}</strong></a> since \
        {{#since}}{{> time}}{{/since}} <span class="dim">by {{actor}}: {{reason}}</span></p>{{/inUse}}\
        {{^inUse}}<p><strong>No model is in use: forecasts are naive.</strong> <span class="dim">{{naiveMeans}}</span></p>{{/inUse}}</section>
        <p class="lead">Every model is judged on hours that it has not seen. Only one that beats the naive forecast and the model in use \
        replaces it; most do not, which is normal.</p>
        {{#note}}<p class="none">{{note}}</p>{{/note}}
        {{#any}}<div class="scroll"><table class="list dags"><caption class="vh">Models, newest first</caption>
        <thead><tr><th scope="col">Model</th><th scope="col">Verdict</th><th scope="col">Trained</th><th scope="col" class="num">RMSE</th>\
        <th scope="col" class="num">naive</th><th scope="col" class="num">Log loss</th><th scope="col" class="num">naive</th></tr></thead>
        <tbody>{{#models}}<tr><th scope="row"><a href="{{href}}">{{name}}</a>{{#isInUse}} <span class="tag live">in use</span>{{/isInUse}}\
        {{#wasInUse}} <span class="tag">was in use</span>{{/wasInUse}}</th>
        <td data-label="Verdict"><span class="tag{{#isBetter}} live{{/isBetter}}">{{verdict}}</span></td>
        <td data-label="Trained">{{#created}}<time datetime="{{iso}}">{{text}}</time><div class="sub">{{relative}}</div>{{/created}}</td>
        <td data-label="RMSE" class="num">{{rmse}}</td><td data-label="naive RMSE" class="num">{{naiveRMSE}}</td>
        <td data-label="Log loss" class="num">{{loss}}</td><td data-label="naive loss" class="num">{{naiveLoss}}</td></tr>{{/models}}</tbody></table></div>{{/any}}
        {{#anyChanges}}<section aria-labelledby="changes"><h2 id="changes">Promotions and rollbacks</h2><div class="scroll"><table class="list narrow">
        <thead><tr><th scope="col">In use from then on</th><th scope="col">When</th><th scope="col">Before</th><th scope="col">By</th><th scope="col">Why</th></tr></thead>
        <tbody>{{#changes}}<tr><th scope="row">{{#now}}{{#href}}<a href="{{href}}">{{name}}</a>{{/href}}{{text}}{{/now}}\
        {{#isRollback}} <span class="tag">rollback</span>{{/isRollback}}</th>
        <td data-label="When">{{#at}}<time datetime="{{iso}}">{{text}}</time><div class="sub">{{relative}}</div>{{/at}}</td>
        <td data-label="Before">{{#before}}{{#href}}<a href="{{href}}">{{name}}</a>{{/href}}{{text}}{{/before}}</td>
        <td data-label="By">{{actor}}</td><td data-label="Why">{{reason}}</td></tr>{{/changes}}</tbody></table></div></section>{{/anyChanges}}
        """

    private static let one = """
        <nav class="crumbs" aria-label="Path"><a href="/models">Models</a> / {{id}}</nav>
        <h1 class="long">{{name}}{{#isInUse}} <span class="tag live">in use</span>{{/isInUse}}</h1>
        <p class="lead"><span class="tag{{#isBetter}} live{{/isBetter}}">{{verdict}}</span> {{verdictText}}</p>
        <p class="reason">{{reason}}</p>
        <dl class="facts"><div><dt>Trained</dt><dd>{{#created}}{{> time}}{{/created}}</dd></div>\
        {{#promoted}}<div><dt>Last promoted</dt><dd>{{> time}}</dd></div>{{/promoted}}\
        {{#run}}<div><dt>Made by the run</dt><dd><a href="{{href}}">{{dag}}, {{run}}</a>{{#task}} <span class="dim">task {{task}}</span>{{/task}}</dd></div>{{/run}}\
        {{^run}}<div><dt>Made by</dt><dd>no run: trained by hand</dd></div>{{/run}}\
        <div class="wide"><dt>SHA-256 of the artefact</dt><dd><code>{{sha256}}</code></dd></div></dl>
        <section aria-labelledby="scores"><h2 id="scores">Scores on the judged hours</h2>
        {{#judged}}<p class="dim">{{from}} to {{until}} UTC: later than every hour that any of them was trained on. Errors are in log returns; \
        0.001 is about 0.1 %.</p>{{/judged}}
        {{#judged}}<div class="scroll"><table class="list narrow figures"><thead><tr><th scope="col">Score</th><th scope="col">Better is</th>\
        <th scope="col" class="num">Model</th><th scope="col" class="num">Naive</th>{{#hasInUse}}<th scope="col" class="num">{{inUseName}}</th>{{/hasInUse}}\
        <th scope="col" class="num">Buy and hold</th></tr></thead>
        <tbody>{{#scores}}<tr><th scope="row">{{score}}</th><td data-label="Better is" class="dim">{{better}}</td><td data-label="Model" class="num">{{model}}</td>\
        <td data-label="Naive" class="num">{{naive}}</td>{{#hasInUse}}<td data-label="In use then" class="num">{{inUse}}</td>{{/hasInUse}}\
        <td data-label="Buy and hold" class="num">{{hold}}</td></tr>{{/scores}}</tbody></table></div>{{/judged}}
        {{^judged}}<p class="none">There were too few hours to judge it on.</p>{{/judged}}
        {{#anyMarkets}}<h3>Each market</h3><div class="scroll"><table class="list narrow"><thead><tr><th scope="col">Market</th><th scope="col" class="num">Hours</th>\
        <th scope="col" class="num">RMSE</th><th scope="col" class="num">naive</th><th scope="col" class="num">Log loss</th><th scope="col" class="num">naive</th>\
        <th scope="col" class="num">Paper profit</th><th scope="col" class="num">Buy and hold</th></tr></thead>
        <tbody>{{#markets}}<tr><th scope="row">{{name}}</th>\(hourCells)</tr>{{/markets}}</tbody></table></div>{{/anyMarkets}}</section>
        <section aria-labelledby="windows"><h2 id="windows">Walk-forward windows</h2>
        {{#hasWindows}}<p class="dim">In each window a model trained only on the hours before it. {{windowNote}} Lower is better.</p>
        <div class="plots"><figure><figcaption>Root mean squared error</figcaption><div class="scroll">{{{rmsePlot}}}</div></figure>\
        <figure><figcaption>Log loss of the class</figcaption><div class="scroll">{{{lossPlot}}}</div></figure></div>
        <p class="legend"><span class="pair-key"><span class="key-circle"></span> model</span> <span class="pair-key"><span class="key-square"></span> naive forecast</span></p>
        <details><summary>Figures of the windows</summary><div class="scroll"><table class="list narrow"><thead><tr><th scope="col">Hours (UTC)</th><th scope="col" class="num">Rows</th>\
        <th scope="col" class="num">RMSE</th><th scope="col" class="num">naive</th><th scope="col" class="num">Log loss</th><th scope="col" class="num">naive</th>\
        <th scope="col" class="num">Paper profit</th><th scope="col" class="num">Buy and hold</th></tr></thead>
        <tbody>{{#windows}}<tr><th scope="row">{{name}}</th>\(hourCells)</tr>{{/windows}}</tbody></table></div></details>{{/hasWindows}}
        {{^hasWindows}}<p class="none">No windows.</p>{{/hasWindows}}</section>
        <div class="plots pair"><section aria-labelledby="calibrated"><h2 id="calibrated">Calibration</h2>
        {{#calibration}}<p class="dim">How often the price rose (upwards) when the model gave that probability (rightwards). On the dashed line both agree. \
        The bars below count the hours; hollow points stand for fewer than \(CalibrationPlot.fewest).</p><div class="square">{{{calibration}}}</div>{{/calibration}}
        {{^calibration}}<p class="none">No hours to draw.</p>{{/calibration}}</section>
        <section aria-labelledby="importance"><h2 id="importance">Use of the features</h2>
        {{#importance}}<p class="dim">Share of the gain of all splits; says what the model looks at, not what moves prices.</p>{{{importance}}}{{/importance}}
        {{^importance}}<p class="none">The model used no feature: it forecasts the same always.</p>{{/importance}}</section></div>
        <section aria-labelledby="drift"><h2 id="drift">Drift</h2>
        {{#drift}}<p>{{summary}} <span class="dim">Checked {{#checked}}{{> time}}{{/checked}}</span></p><details id="drift-rows"><summary>All measures</summary><div class="scroll">\
        <table class="list narrow"><thead><tr><th scope="col">What</th><th scope="col">Measure</th><th scope="col" class="num">Value</th><th scope="col" class="num">Limit</th>\
        <th scope="col">Finding</th></tr></thead>
        <tbody>{{#rows}}<tr><th scope="row">{{subject}}{{#warns}} <span class="tag warn">beyond</span>{{/warns}}</th><td data-label="Measure">{{measure}}</td>\
        <td data-label="Value" class="num">{{value}}</td><td data-label="Limit" class="num">{{threshold}}</td><td data-label="Finding">{{detail}}</td></tr>{{/rows}}</tbody></table></div></details>{{/drift}}
        {{^drift}}<p class="none">Not checked: only the model in use is, once a day.</p>{{/drift}}</section>
        <section aria-labelledby="training"><h2 id="training">Training</h2><dl class="facts">{{#training}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/training}}</dl>
        <details id="parameters"><summary>Parameters</summary><dl class="facts">{{#parameters}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/parameters}}</dl></details>
        <details id="features"><summary>Features</summary><p>{{features}}</p></details></section>
        """

    private static let hourCells = """
        <td data-label="Hours" class="num">{{hours}}</td><td data-label="RMSE" class="num">{{rmse}}</td>\
        <td data-label="naive RMSE" class="num">{{naiveRMSE}}</td><td data-label="Log loss" class="num">{{loss}}</td>\
        <td data-label="naive loss" class="num">{{naiveLoss}}</td><td data-label="Paper profit" class="num">{{profit}}</td>\
        <td data-label="Buy and hold" class="num">{{hold}}</td>
        """

    /// A part of the market's page: see ``ForecastSection``.
    private static let forecast = """
        <section aria-labelledby="forecast"><h2 id="forecast">{{#any}}{{title}}{{/any}}{{^any}}Forecast{{/any}}</h2>
        {{#note}}<p class="none">{{note}}</p>{{/note}}
        {{#any}}<p class="price"><b>{{price}}</b> <span class="dim">{{quote}}</span> {{#change}}<span class="{{direction}}">{{change}}</span>{{/change}} \
        <span class="dim">at {{until}}</span>{{#isLate}} <span class="tag warn">late</span>{{/isLate}}</p>
        {{#band}}<p>With a chance of 80 % between <b>{{band}}</b>.</p>{{/band}}{{^band}}<p class="dim">No band: the volatility is not known.</p>{{/band}}
        {{#probabilities}}<div class="odds-wrap">{{{bar}}}<p class="legend"><span><span class="dot odds-down"></span> falls {{down}}</span> \
        <span><span class="dot odds-flat"></span> stays within ±{{within}} {{flat}}</span> <span><span class="dot odds-up"></span> rises {{up}}</span></p></div>{{/probabilities}}
        <p>{{#model}}By the model <a href="{{href}}">{{name}}</a>{{/model}}{{#isNaive}}By the naive forecast, {{naive}}{{/isNaive}}, made \
        {{#made}}{{> time}}{{/made}}{{#isLate}}, after its hour had ended: of no use then, and left out of the record{{/isLate}}. \
        {{#isUnknown}}The model was not trained on this market.{{/isUnknown}}</p>
        {{#chart}}<div class="scroll" id="forecast-wrap" data-right>{{{chart}}}</div><p class="legend"><span class="pair-key"><span class="key close"></span> close</span> \
        <span class="pair-key"><span class="key-band"></span> 80 % bands as forecast</span> <span class="pair-key"><span class="key-circle hollow"></span> this forecast</span></p>{{/chart}}
        <p>{{record}}</p>
        <details id="forecasts" open><summary>Last forecasts</summary><div class="scroll"><table class="list narrow"><thead><tr><th scope="col">Hour from (UTC)</th>\
        <th scope="col" class="num">Forecast</th><th scope="col" class="num">80 % band</th><th scope="col" class="num">Actual</th><th scope="col" class="num">Error</th>\
        <th scope="col">Band</th><th scope="col">By</th></tr></thead>
        <tbody>{{#rows}}<tr><th scope="row">{{hour}}{{#isLate}} <span class="tag warn">late</span>{{/isLate}}</th><td data-label="Forecast" class="num">{{forecast}}</td>\
        <td data-label="80 % band" class="num">{{band}}</td><td data-label="Actual" class="num">{{actual}}</td><td data-label="Error" class="num">{{error}}</td>\
        <td data-label="Band">{{inside}}</td><td data-label="By">{{#model}}<a href="{{href}}">{{name}}</a>{{/model}}{{naive}}</td></tr>{{/rows}}</tbody></table></div></details>{{/any}}</section>
        """
}
