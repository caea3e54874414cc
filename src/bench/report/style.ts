/**
 * Colours of text have a contrast of at least 4.5 to 1 to their background, those of lines at least 3 to 1, in light and in dark.
 * Paper is light, whatever the screen is.
 */
export const style = `
:root {
  --page: #f6f7f9; --card: #fff; --ink: #1b2128; --soft: #55606c; --rule: #dde1e6; --grid: #e8ebef; --axis: #8b949e; --limit: #eceff3;
  --c0: #1d6fb8; --c1: #b65a00; --c2: #14805e; --c3: #8547b5; --c4: #c0305f; --c5: #6f5c3f;
  --better: #0a6b4c; --same: #4b5661; --worse: #b3261e; --inconclusive: #6d5800; --mind: #fff6dc; --mind-rule: #d9b44a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #101419; --card: #181d24; --ink: #e6e9ed; --soft: #a3adb8; --rule: #2f3742; --grid: #262d37; --axis: #6f7a87; --limit: #232a34;
    --c0: #63aef2; --c1: #f0a04b; --c2: #4fc79c; --c3: #c498f2; --c4: #f4809f; --c5: #c4b394;
    --better: #5ad0a2; --same: #b3bdc8; --worse: #ff8d82; --inconclusive: #e2c55c; --mind: #2a2515; --mind-rule: #8a7330;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 84rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); font-size: 1.25rem; }
h3 { margin: 0 0 .5rem; font-size: 1rem; }
p { margin: .4rem 0; }
header > p, main > section > p, footer { color: var(--soft); }
.kind { margin: 0; letter-spacing: .06em; font-size: .85rem; }
a { color: var(--c0); }
code, pre { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
pre { margin: .5rem 0; padding: .75rem 1rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--card); white-space: pre-wrap; }
nav ul, ul.names, ul.badges, ul.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: .6rem 0; padding: 0; list-style: none; }
ul.names li { padding: .05rem .6rem; border: 1px solid var(--rule); border-radius: 4px; background: var(--card); }
ul.names { gap: .4rem; }
ul.badges { gap: .5rem; }
ul.badges li { padding: .15rem .7rem; border: 1px solid currentColor; border-radius: 4px; background: var(--card); }
ul.legend { font-size: .9rem; }
ul.legend svg { vertical-align: -1px; overflow: visible; }
.notice { margin: .8rem 0; padding: .5rem 1rem; border-left: 4px solid var(--mind-rule); background: var(--mind); }
.notice.v-worse { border-color: currentColor; }
.notice h2 { margin: 0; padding: 0; border: 0; font-size: 1rem; }
.notice ul { margin: .2rem 0; padding-left: 1.2rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); gap: 1rem; margin: .8rem 0; }
figure, .card { margin: 0; padding: .75rem 1rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--card); min-width: 0; }
figure { display: flex; flex-direction: column; padding: .75rem .75rem .4rem; }
figcaption { flex: 1; margin-bottom: .3rem; color: var(--soft); font-size: .9rem; line-height: 1.35; }
figcaption b { color: var(--ink); }
figcaption small, .legend small { white-space: nowrap; font-size: .9em; }
figure svg { display: block; width: 100%; max-width: 32rem; height: auto; margin: 0 auto; }
svg text { fill: var(--soft); font-size: 11.5px; }
svg text.name, svg text.value { fill: var(--ink); font-size: 12px; paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg text.value { font-variant-numeric: tabular-nums; }
svg tspan { font-weight: 600; }
path.grid { stroke: var(--grid); }
path.axis { stroke: var(--axis); }
path.zero { stroke: var(--axis); stroke-width: 1.5; }
rect.limit { fill: var(--limit); }
path.line { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; }
path.interval { stroke: currentColor; stroke-width: 5; stroke-opacity: .35; }
path.band { stroke: currentColor; stroke-width: 10; stroke-opacity: .28; }
circle.dot { fill: currentColor; fill-opacity: .55; }
path.mark { fill: currentColor; stroke: var(--card); stroke-width: 1; }
path.change { fill: none; stroke: currentColor; stroke-width: 2; }
circle.change { fill: currentColor; stroke: var(--card); }
${[0, 1, 2, 3, 4, 5].map((index) => `.c${index} { color: var(--c${index}); }`).join(' ')}
${['better', 'same', 'worse', 'inconclusive'].map((name) => `.v-${name} { color: var(--${name}); } tspan.v-${name} { fill: var(--${name}); }`).join('\n')}
.verdict { font-weight: 600; white-space: nowrap; }
.scroll { overflow-x: auto; margin: .8rem 0; border: 1px solid var(--rule); border-radius: 6px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { padding: .6rem .75rem .3rem; color: var(--soft); text-align: left; }
th, td { padding: .35rem .75rem; border-top: 1px solid var(--grid); text-align: left; vertical-align: baseline; white-space: nowrap; }
td.sentence { white-space: normal; min-width: 18rem; }
thead th { border-top: 0; border-bottom: 1px solid var(--rule); color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; }
.number { text-align: right; }
.cards { columns: 25rem; column-gap: 1rem; margin: .8rem 0 0; }
.cards + h3 { margin-top: 1rem; }
.card { margin-bottom: 1rem; break-inside: avoid; }
dl { margin: 0; font-size: .9rem; }
dl div { display: grid; grid-template-columns: minmax(7rem, 30%) 1fr; gap: .75rem; padding: .15rem 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
dl.meanings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); gap: 0 1.5rem; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--rule); font-size: .85rem; }
@media (max-width: 40rem) { body { padding-top: 1rem; } figure { padding: .6rem .4rem .3rem; } figcaption { padding: 0 .4rem; } h1 { font-size: 1.4rem; } th, td { padding: .3rem .5rem; } }
@media print {
  body { max-width: none; padding: 0; background: none; font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; }
  h2, h3 { break-after: avoid; }
  figure, .card, tr { break-inside: avoid; }
  .figures { grid-template-columns: 1fr 1fr; }
  .cards { columns: 2; }
  .scroll { overflow: visible; border: 0; }
  table { font-size: 8.5px; }
  th, td { padding: .15rem .35rem; }
  th.words, td.sentence { white-space: normal; min-width: 0; }
}
`
