/// What the pages of models add to the style sheet.
enum ModelStyle {
    static let text = """
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 0 1.2rem; }
        .plots.pair { align-items: start; }
        .plots figure { margin: 0; min-width: 0; } .plots section { min-width: 0; }
        .plots figcaption { font-size: .9rem; font-weight: 600; margin-bottom: .2rem; }
        .plot .model { stroke: var(--link); } .plot .naive { stroke: var(--upstream); }
        .plot path.naive { stroke-dasharray: 5 4; }
        .plot circle.model { fill: var(--link); stroke: var(--card); } .plot rect.naive { fill: var(--upstream); stroke: none; }
        .plot circle.few { fill: var(--card); stroke: var(--link); stroke-width: 1.5; }
        .plot .ideal { stroke: var(--dim); stroke-dasharray: 5 4; }
        .plot .count { fill: var(--queued); opacity: .55; }
        .plot .end { text-anchor: end; }
        .plot .band { fill: var(--link); opacity: .16; } .plot .band.next { opacity: .38; }
        .plot .ahead { stroke: var(--link); stroke-width: 2; stroke-dasharray: 3 4; }
        .plot .forecast { fill: var(--card); stroke: var(--link); stroke-width: 3; }
        .square { max-width: 26rem; } .square .chart { min-width: 0; }
        .pair-key { display: inline-flex; gap: .7rem; align-items: center; white-space: nowrap; }
        .key-circle { display: inline-block; width: .7em; height: .7em; border-radius: 50%; background: var(--link); margin-right: -.4rem; }
        .key-circle.hollow { background: var(--card); border: 3px solid var(--link); width: .85em; height: .85em; }
        .key-square { display: inline-block; width: .65em; height: .65em; background: var(--upstream); margin-right: -.4rem; }
        .key-band { display: inline-block; width: 1.2em; height: .9em; background: var(--link); opacity: .3; margin-right: -.4rem; }
        .bar { display: flex; gap: .6rem; align-items: center; }
        .bar svg { flex: 1 1 0; width: 0; min-width: 2.5rem; height: .7rem; background: var(--code); border-radius: 3px; }
        .bar > span { min-width: 3.6rem; text-align: right; font-variant-numeric: tabular-nums; }
        .use-return { fill: var(--link); } .use-class { fill: var(--retry); }
        .list.uses { table-layout: fixed; } .uses th:first-child { width: 34%; }
        .list.uses thead th:first-child { padding-left: 0; }
        .list.uses tbody th { font-weight: 400; min-width: 0; padding-left: 0; }
        .list.figures tbody th { font-weight: 400; }
        .odds-wrap { max-width: 34rem; } .odds-wrap .legend { margin: .3rem 0 .6rem; }
        .odds { display: block; width: 100%; height: 12px; border-radius: 4px; }
        .odds-down { fill: var(--down); background: var(--down); } .odds-up { fill: var(--up); background: var(--up); }
        .odds-flat { fill: var(--queued); background: var(--queued); }
        @media (max-width: 700px) {
          .plot { min-width: 30rem; } .square .plot { min-width: 0; } #forecast-wrap .plot, #line-wrap .plot { min-width: 44rem; } .uses th:first-child { width: auto; }
          .list.uses td[data-label] { padding-left: 7.4rem; }
        }

        """
}
