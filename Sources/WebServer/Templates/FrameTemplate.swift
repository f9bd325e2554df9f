/// What every page shares.
///
/// `{{{…}}}` takes HTML that was built here; everything else is escaped.
enum FrameTemplate {
    static let frame = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{title}} · CryptoFlow</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/style.css">
        <script src="/page.js" defer></script>{{#isLivePage}}
        <script src="/live.js" defer></script>{{/isLivePage}}
        </head>
        <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
        <a class="brand" href="/"><svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true"><rect width="32" height="32" \
        rx="7" fill="#3257d6"/><path d="M6 21l6-7 5 4 9-10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" \
        stroke-linejoin="round"/></svg>CryptoFlow</a>
        <nav aria-label="Main">
        <a href="/"{{#isHome}} aria-current="page"{{/isHome}}>DAGs</a>
        <a href="/backfills"{{#isBackfills}} aria-current="page"{{/isBackfills}}>Backfills</a>
        <a href="/market"{{#isMarket}} aria-current="page"{{/isMarket}}>Market</a>
        <a href="/models"{{#isModels}} aria-current="page"{{/isModels}}>Models</a>
        <a href="/live"{{#isLive}} aria-current="page"{{/isLive}}>Live</a>
        <a href="/collectors"{{#isCollectors}} aria-current="page"{{/isCollectors}}>Collectors</a>
        <a href="/logs"{{#isLogs}} aria-current="page"{{/isLogs}}>Logs</a>
        </nav>
        <span class="stale" id="stale" hidden>no connection</span>
        </header>
        {{#notice}}<p class="notice" role="note">{{notice}}</p>{{/notice}}
        <main id="content">{{{content}}}</main>
        <footer class="foot"><span>CryptoFlow {{version}}</span><span>All times are UTC</span><a href="/health">Health</a></footer>
        </body>
        </html>

        """

    static let message = """
        <div class="message"{{#retry}} data-retry{{/retry}}><h1>{{title}}</h1><p>{{text}}</p>{{#detail}}<pre class="detail">{{detail}}</pre>{{/detail}}\
        <p><a href="/">To the DAGs</a></p></div>
        """

    /// An instant: see ``TimeWords/view(_:)``.
    static let time = """
        <time datetime="{{iso}}" title="{{text}} UTC">{{text}}</time> <span class="rel">{{relative}}</span>
        """

    /// A state: see ``StateLook/view``.
    static let badge = """
        <span class="badge {{class}}"><span aria-hidden="true">{{sign}}</span> {{words}}</span>
        """
}

/// The icon of the pages.
enum PageIcon {
    static let svg = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3257d6"/>\
        <path d="M6 21l6-7 5 4 9-10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" \
        stroke-linejoin="round"/></svg>
        """
}
