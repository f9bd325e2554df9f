/// The pages' one style sheet.
///
/// State colours are Airflow's, dark enough to carry a white sign.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --bg: #f6f7f9; --card: #fff; --ink: #1b2129; --dim: #5a6572; --line: #dde2e8; --link: #2447b8;
          --code: #f0f2f5; --warn-bg: #fff3d1; --warn-ink: #6b4700; --bad-bg: #fde8e8; --bad-ink: #9b1c1c;
          --good-bg: #e4f5e8; --good-ink: #14532d; --up: #c62828; --down: #1d5fd0; --none: #e3e7ec;
          --success: #157f3c; --running: #0a7ea4; --failed: #d02b2b; --queued: #6b7280; --skipped: #c2418f;
          --retry: #a16207; --upstream: #c2570c; --lost: #5b2aa8; --other: #7b61c9;
        }
        @media (prefers-color-scheme: dark) { :root {
          --bg: #11151a; --card: #191f26; --ink: #e6eaef; --dim: #9ba7b4; --line: #2d3640; --link: #8fb0ff;
          --code: #12171d; --warn-bg: #3a2f10; --warn-ink: #ffdf91; --bad-bg: #3d1a1c; --bad-ink: #ffb4b4;
          --good-bg: #12301d; --good-ink: #a3e4b8; --up: #ff8080; --down: #83b2ff; --none: #2b333c;
          --success: #1c8a45; --running: #1285ab; --queued: #707b88; --upstream: #c05d14; } }
        * { box-sizing: border-box; }
        [hidden] { display: none !important; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--bg); color: var(--ink); overflow-wrap: break-word;
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK KR", sans-serif; }
        a { color: var(--link); text-decoration: none; }
        a:hover { text-decoration: underline; }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
        code, pre { font: 0.9em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
        h2 { font-size: 1.08rem; margin: 0 0 .6rem; }
        h3 { font-size: .95rem; margin: .6rem 0 .2rem; }
        h1.long { overflow-wrap: anywhere; }
        .vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 8px; top: 8px; background: var(--card); padding: 6px 10px; z-index: 9; }
        .top { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; align-items: center; padding: .6rem 1.2rem;
          background: var(--card); border-bottom: 1px solid var(--line); }
        .brand { display: inline-flex; gap: .5rem; align-items: center; font-weight: 650; color: var(--ink); }
        .top nav { display: flex; gap: .2rem; }
        .top nav a { padding: .25rem .7rem; border-radius: 6px; color: var(--dim); }
        .top nav a[aria-current] { background: var(--code); color: var(--ink); font-weight: 600; }
        .stale { margin-left: auto; color: var(--bad-ink); background: var(--bad-bg); padding: 0 .6rem; border-radius: 9px; }
        .notice { margin: 0; padding: .45rem 1.2rem; background: var(--warn-bg); color: var(--warn-ink); font-size: .9rem; }
        main { max-width: 1280px; margin: 0 auto; padding: 1.2rem; }
        .foot { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; max-width: 1280px; margin: 0 auto; padding: .2rem 1.2rem 1.6rem;
          color: var(--dim); font-size: .85rem; }
        .head { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: baseline; justify-content: space-between; }
        .choices { color: var(--dim); font-size: .85rem; }
        .crumbs { font-size: .87rem; color: var(--dim); margin-bottom: .3rem; overflow-wrap: anywhere; }
        .lead { margin: 0 0 .8rem; color: var(--dim); max-width: 75ch; }
        .dim, .rel { color: var(--dim); font-weight: 400; }
        .rel { font-size: .87em; }
        .sub { color: var(--dim); font-size: .85rem; font-weight: 400; }
        .none { color: var(--dim); margin: .4rem 0; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem; margin: 1rem 0; }
        .status { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; align-items: center; justify-content: space-between; padding: .6rem 1rem; }
        .status p { margin: 0; }
        .good strong { color: var(--good-ink); } .bad strong { color: var(--bad-ink); }
        .counts { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; margin: 0; padding: 0; color: var(--dim); font-size: .9rem; }
        .counts b { color: var(--ink); }
        .counts + details { margin-top: .5rem; }
        .dot { display: inline-block; width: .7em; height: .7em; border-radius: 3px; margin-right: .15em; }
        .errors { border-color: var(--failed); }
        .errors h2 { color: var(--bad-ink); }
        .errors ul { margin: .2rem 0; padding-left: 1.1rem; }
        .errors li { overflow-wrap: anywhere; }
        .sev { color: var(--bad-ink); font-weight: 600; }
        .filter input { font: inherit; width: 17rem; max-width: 100%; padding: .35rem .7rem; border: 1px solid var(--line); border-radius: 7px;
          background: var(--card); color: var(--ink); }
        .filter input::placeholder { color: var(--dim); opacity: 1; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; }
        .list { width: 100%; }
        .dags { background: var(--card); border: 1px solid var(--line); border-radius: 10px; border-collapse: separate; border-spacing: 0; }
        .list th, .list td { text-align: left; padding: .5rem .7rem; border-top: 1px solid var(--line); vertical-align: top; }
        .list thead th { border-top: 0; font-size: .8rem; color: var(--dim); font-weight: 600; white-space: nowrap; }
        .list tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 9rem; max-width: 28rem; }
        .list.narrow { font-size: .92rem; }
        .list time { white-space: nowrap; }
        .list .num { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .tag { display: inline-block; padding: 0 .45rem; border-radius: 8px; background: var(--code); color: var(--dim); font-size: .78rem;
          font-weight: 500; vertical-align: .08em; border: 1px solid var(--line); }
        .tag.warn { background: var(--warn-bg); color: var(--warn-ink); border-color: transparent; }
        .tag.live { background: var(--good-bg); color: var(--good-ink); border-color: transparent; }
        .squares { display: inline-flex; gap: 3px; white-space: nowrap; }
        .sq { display: inline-flex; width: 18px; height: 18px; border-radius: 4px; align-items: center; justify-content: center;
          font-size: 11px; line-height: 1; color: #fff; font-weight: 700; }
        a.sq:hover { text-decoration: none; filter: brightness(1.15); }
        .badge { display: inline-block; padding: .05rem .55rem; border-radius: 10px; font-size: .82rem; font-weight: 600; line-height: 1.5;
          color: #fff; white-space: nowrap; vertical-align: .1em; }
        .s-success { background: var(--success); fill: var(--success); }
        .s-running, .s-restarting { background: var(--running); fill: var(--running); }
        .s-running { animation: breathe 2s ease-in-out infinite; }
        .s-failed { background: var(--failed); fill: var(--failed); }
        .s-queued, .s-scheduled { background: var(--queued); fill: var(--queued); }
        .s-skipped { background: var(--skipped); fill: var(--skipped); }
        .s-up_for_retry { background: var(--retry); fill: var(--retry); }
        .s-upstream_failed { background: var(--upstream); fill: var(--upstream); }
        .s-lost { background: var(--lost); fill: var(--lost); }
        .s-up_for_reschedule, .s-deferred { background: var(--other); fill: var(--other); }
        .s-removed { background: var(--queued); fill: var(--queued); }
        .s-none { background: var(--none); fill: var(--none); color: var(--ink); }
        @keyframes breathe { 50% { opacity: .72; } }
        @media (prefers-reduced-motion: reduce) { .s-running { animation: none; } }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); gap: .6rem 1.4rem; margin: .6rem 0 1rem; }
        .facts .wide { grid-column: 1 / -1; }
        .facts dt { font-size: .8rem; color: var(--dim); }
        .facts dd { margin: 0; overflow-wrap: anywhere; }
        .reason { margin: .3rem 0 .8rem; padding: .5rem .8rem; border-left: 4px solid var(--dim); background: var(--card); overflow-wrap: anywhere; }
        .reason.failed { border-color: var(--failed); }
        .note p { margin: 0; white-space: pre-line; }
        .grid-wrap { padding-bottom: 6px; }
        .grid td, .grid th { padding: 2px 2px; }
        .grid thead th { padding-bottom: 6px; }
        .grid thead td:first-child { position: sticky; left: 0; z-index: 1; background: var(--card); }
        .grid tbody th, .grid .bars th { position: sticky; left: 0; z-index: 1; background: var(--card); text-align: left; font-weight: 500; font-size: .88rem;
          padding-right: 12px; max-width: 24rem; min-width: 8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .grid .bars td { vertical-align: bottom; padding: 0 2px; line-height: 0; text-align: center; }
        .grid .bars th { vertical-align: bottom; }
        .grid .bars svg { display: block; margin: 0 auto; }
        .legend { display: flex; flex-wrap: wrap; gap: .3rem .9rem; align-items: center; list-style: none; padding: 0; margin: .7rem 0 0; font-size: .85rem; color: var(--dim); }
        .legend li { display: inline-flex; gap: .35rem; align-items: center; }
        .key { display: inline-block; width: 22px; height: 3px; border-radius: 2px; margin-right: -.4rem; }
        .key.close { background: var(--link); } .key.mean { background: var(--retry); }
        .paging { display: flex; gap: 1rem; margin-top: .6rem; }
        details { margin: .5rem 0; }
        summary { cursor: pointer; padding: .15rem 0; overflow-wrap: anywhere; }
        pre { margin: .5rem 0; padding: .7rem .9rem; background: var(--code); border: 1px solid var(--line); border-radius: 8px; overflow: auto;
          max-height: 32rem; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
        pre.log { max-height: 16rem; }
        pre.tall { max-height: 70vh; }
        .layers { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: .5rem; }
        .layers > li + li::before { content: "↓"; display: block; color: var(--dim); line-height: 1; padding: 0 0 .4rem .6rem; }
        .layers ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
        .node { border: 1px solid var(--line); border-radius: 8px; padding: .35rem .7rem; background: var(--bg); max-width: 100%; overflow-wrap: anywhere; }
        .plain { margin: .3rem 0; padding-left: 1.1rem; }
        .gantt { width: 100%; min-width: 34rem; }
        .gantt th[scope=row] { width: 16rem; max-width: 16rem; text-align: left; font-weight: 500; font-size: .88rem; padding: 2px 12px 2px 0;
          overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .gantt td { padding: 2px 0; }
        .gantt thead th { display: flex; justify-content: space-between; font-size: .8rem; font-weight: 400; color: var(--dim); }
        .gantt svg { display: block; width: 100%; height: 16px; background: var(--code); border-radius: 4px; }
        .tries { display: flex; flex-wrap: wrap; gap: .4rem; margin: .6rem 0; }
        .tries a { padding: .2rem .6rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
        .tries a[aria-current] { border-color: var(--link); box-shadow: inset 0 0 0 1px var(--link); }
        progress { width: 9rem; max-width: 100%; height: .8rem; accent-color: var(--success); }
        .price { font-size: 1rem; } .price b { font-size: 1.6rem; }
        .up { color: var(--up); } .down { color: var(--down); } .flat { color: var(--dim); }
        .up::before { content: "▲ "; font-size: .75em; } .down::before { content: "▼ "; font-size: .75em; }
        .chart { display: block; width: 100%; height: auto; }
        .chart path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .chart .close { stroke: var(--link); } .chart .mean { stroke: var(--retry); stroke-width: 1.5; opacity: .85; }
        .chart .now { fill: var(--link); }
        .chart .rule { stroke: var(--line); stroke-width: 1; }
        .chart text { fill: var(--dim); font-size: 12px; }
        .chart .day { text-anchor: middle; }
        .groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem 2rem; align-items: start; }
        .readings caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
        .list.readings tbody th { font-weight: 400; min-width: 0; padding-left: 0; }
        .list.readings td { padding-right: 0; }
        .live-state { display: flex; gap: .5rem; align-items: center; margin: 0 0 .9rem; padding: .3rem .8rem; border-radius: 8px;
          background: var(--good-bg); color: var(--good-ink); font-size: .9rem; }
        .live-state.warn { background: var(--warn-bg); color: var(--warn-ink); } .live-state.bad { background: var(--bad-bg); color: var(--bad-ink); }
        .lamp { flex: none; width: .6em; height: .6em; border-radius: 50%; background: currentColor; }
        .live-state.good .lamp { animation: breathe 2s ease-in-out infinite; }
        .live b, .price b, .book td, .tape td { font-variant-numeric: tabular-nums; }
        .price time { white-space: nowrap; }
        .pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 1rem; align-items: start; }
        .book, .tape { width: 100%; font-size: .92rem; }
        .book th, .tape th { font-size: .8rem; color: var(--dim); font-weight: 600; text-align: right; padding: .15rem .5rem; }
        .book td, .tape td { text-align: right; padding: .12rem .5rem; white-space: nowrap; height: 1.6rem; }
        .tape th:first-child, .tape td:first-child { text-align: left; padding-left: 0; }
        .book tr.up::before, .book tr.down::before { content: none; }
        .book td { color: var(--ink); } .book td:first-child { color: inherit; font-weight: 600; }
        .book .bar { width: 35%; padding-right: 0; }
        .book .bar svg { display: block; width: 100%; height: .9rem; border-radius: 3px; }
        .book .up rect { fill: var(--up); opacity: .45; } .book .down rect { fill: var(--down); opacity: .45; }
        .book [data-side=asks] tr:last-child td { border-bottom: 1px solid var(--line); }
        .spark { display: block; width: 120px; height: 24px; }
        .spark .line { fill: none; stroke: var(--link); stroke-width: 1.5; stroke-linejoin: round; }
        .spark .fill { fill: var(--link); opacity: .15; }
        .search { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: end; }
        .search label { display: flex; flex-direction: column; font-size: .8rem; color: var(--dim); }
        .search input, .search select, .search button { font: inherit; font-size: .92rem; padding: .3rem .6rem; border: 1px solid var(--line);
          border-radius: 7px; background: var(--card); color: var(--ink); min-height: 2.2rem; }
        .search button { background: var(--link); color: var(--bg); border-color: transparent; font-weight: 600; cursor: pointer; }
        .search input::placeholder { color: var(--dim); opacity: 1; }
        .records td { overflow-wrap: anywhere; } .records td time, .records .level { white-space: nowrap; }
        .level { font-weight: 600; } .level.warning { color: var(--retry); } .level.error, .level.critical { color: var(--bad-ink); }
        .level.debug, .level.trace { color: var(--dim); font-weight: 400; }
        .message { max-width: 40rem; margin: 2rem auto; }
        @media (max-width: 700px) {
          main { padding: .8rem; } .top { padding: .5rem .8rem; } .notice { padding: .45rem .8rem; } section { padding: .7rem; }
          .filter, .filter input { width: 100%; }
          .list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .list, .list tbody, .list tr, .list th, .list td { display: block; }
          .list tr { padding: .5rem .2rem; border-top: 1px solid var(--line); }
          .list tbody tr:first-child { border-top: 0; }
          .list tbody th, .list td { border: 0; padding: .12rem .4rem; max-width: none; }
          .list td:empty { display: none; }
          .list td[data-label] { position: relative; padding-left: 7.4rem; min-height: 1.6rem; }
          .list td[data-label]::before { content: attr(data-label); position: absolute; left: .4rem; top: .2rem; width: 6.6rem; color: var(--dim); font-size: .82rem; }
          .list .num { text-align: left; }
          .list.readings tr { display: flex; justify-content: space-between; padding: .1rem 0; border: 0; }
          .readings caption { display: block; } .foot { padding: .2rem .8rem 1.4rem; }
          .grid tbody th, .grid .bars th, .grid thead td:first-child { max-width: 8.5rem; }
          .squares { flex-wrap: wrap; }
          .pair { grid-template-columns: minmax(0, 1fr); }
          .top nav { flex-wrap: wrap; }
          .search label { flex: 1 1 9rem; }
          .gantt th[scope=row] { width: 7rem; max-width: 7rem; } .gantt { min-width: 0; }
          .facts { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
        }

        """
}
