/** The style of a report: on a screen in light and dark mode, on a phone, and on paper. */

export const STYLE = `
:root { color-scheme: light dark;
  --page: #fff; --text: #1a1f24; --soft: #59636e; --line: #d5dbe1; --panel: #f4f6f8;
  --write: #2a6fb0; --ddl: #d9822b; --role: #8b4fa8; --other: #7d8790;
  --good: #1a7f46; --bad: #b3261e; --bad-panel: #fdeceb; --warn: #8a5a00; --warn-panel: #fff6e0; }
@media screen and (prefers-color-scheme: dark) { :root {
  --page: #14181c; --text: #e6eaee; --soft: #a3adb8; --line: #38414a; --panel: #1e242a;
  --write: #6bb0f0; --ddl: #f0ad62; --role: #c99ae0; --other: #98a2ac;
  --good: #5cc98a; --bad: #ff8a80; --bad-panel: #3a1d1c; --warn: #f0c566; --warn-panel: #332a15; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 68rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p, ul, ol { margin: .5rem 0; max-width: 46rem; }
.soft, figcaption, caption { color: var(--soft); }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .86em; }
pre { white-space: pre-wrap; margin: .35rem 0 0; padding: .5rem .65rem; background: var(--panel); border-radius: .3rem; tab-size: 4; }
bdi, pre { unicode-bidi: isolate; }
a { color: var(--write); }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; max-width: none; }
.verdict { border: 2px solid var(--good); border-radius: .4rem; padding: .6rem .9rem; margin: 1rem 0; }
.verdict strong { color: var(--good); }
.verdict.broken { border-color: var(--bad); background: var(--bad-panel); }
.verdict.broken strong { color: var(--bad); }
.verdict.incomplete { border-color: var(--warn); background: var(--warn-panel); }
.verdict.incomplete strong { color: var(--warn); }
.warn { background: var(--warn-panel); border-left: .3rem solid var(--warn); padding: .4rem .75rem; margin: .75rem 0; max-width: none; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: .75rem 0; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .6rem; padding: 0; list-style: none; max-width: none; }
.figures li { background: var(--panel); border-radius: .4rem; padding: .5rem .75rem; }
.figures li { overflow-wrap: normal; }
.figures b { display: block; white-space: nowrap; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figures .look b { color: var(--bad); }
table { width: 100%; border-collapse: collapse; margin: .75rem 0; font-size: .92rem; }
caption { text-align: left; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
th { border-bottom: 2px solid var(--line); font-weight: 600; overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
th.number { white-space: normal; }
td time, td .day { white-space: nowrap; }
td .id { display: block; color: var(--soft); font-size: .85em; }
.mark { border: 1px solid currentColor; border-radius: .25rem; padding: 0 .3rem; font-size: .85em; color: var(--warn); white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
.nowrap { white-space: nowrap; }
th, td { overflow-wrap: normal; } td .long, td code, td pre, td.wide { overflow-wrap: anywhere; }
#plots { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem 2rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .4rem; }
.legend { font-weight: 400; margin-left: 1rem; white-space: nowrap; } .legend svg { width: .7rem; height: .9rem; margin-right: .35rem; vertical-align: middle; }
.panel { display: grid; grid-template-columns: 8.5rem 1fr; gap: .5rem; align-items: end; margin-bottom: .3rem; font-size: .85rem; }
.panel svg { width: 100%; height: 2.4rem; border-bottom: 1px solid var(--line); }
.labels { display: flex; justify-content: space-between; padding-left: 9rem; color: var(--soft); font-size: .8rem; }
.week svg { width: 100%; height: auto; } .week text { font-size: 7px; fill: var(--text); } .week p { font-size: .85rem; margin: .2rem 0 0; }
.grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; fill: none; }
.bars { list-style: none; padding: 0; margin: 0; font-size: .88rem; max-width: none; }
.bars li { display: grid; grid-template-columns: minmax(0, 1fr) 4.5rem; gap: 0 .5rem; }
.bars svg { grid-column: 1 / -1; width: 100%; height: .45rem; margin-bottom: .25rem; background: var(--panel); }
.spark { width: 7rem; height: 1.4rem; display: block; border-bottom: 1px solid var(--line); }
rect.write { fill: var(--write); } rect.off { fill: var(--page); stroke: var(--write); stroke-width: .9; }
rect.missing { fill: none; stroke: var(--bad); stroke-width: 1; vector-effect: non-scaling-stroke; }
path.missing { stroke: var(--bad); stroke-width: 1; vector-effect: non-scaling-stroke; fill: none; }
.look h3 { margin: .7rem 0 .1rem; } .look h3 .soft { font-weight: 400; } .look code { color: var(--soft); font-weight: 400; }
.look ul { list-style: none; margin: 0; padding: 0 0 0 .8rem; max-width: none; border-left: .2rem solid var(--line); font-size: .9rem; }
.look li { display: flex; flex-wrap: wrap; gap: 0 .7rem; } .look .who { font-weight: 600; } .look .sql { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; }
ol.statements { list-style: none; padding: 0; max-width: none; }
ol.statements li { padding: .6rem 0; border-bottom: 1px solid var(--line); }
ol.statements .head { display: flex; flex-wrap: wrap; gap: .1rem .9rem; break-after: avoid; }
.hash { font-size: .8em; }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem 2rem; margin-top: 1.25rem; }
.sign div { border-bottom: 1px solid var(--text); min-height: 3.2rem; color: var(--soft); font-size: .85rem; }
.sign .wide { grid-column: 1 / -1; } .sign .tall { min-height: 7rem; }
@media screen and (max-width: 44rem) {
  body { padding: 1rem .9rem 3rem; } h1 { font-size: 1.35rem; }
  dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: .45rem; }
  .sign { grid-template-columns: 1fr; }
  #plots { grid-template-columns: minmax(0, 1fr); } .panel { grid-template-columns: 1fr; gap: 0; } .labels { padding-left: 0; }
  table, tbody, caption { display: block; } thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: flex; flex-wrap: wrap; gap: .1rem .9rem; padding: .45rem 0; border-bottom: 1px solid var(--line); }
  td, td.number { display: block; border: 0; padding: 0; text-align: left; white-space: normal; }
  td[data-label]:not(.main)::before { content: attr(data-label) " "; color: var(--soft); font-size: .85em; }
  td.main { flex-basis: 100%; font-weight: 600; } td.wide { flex-basis: 100%; } td:empty { display: none; }
}
@media print {
  @page { size: A4; margin: 16mm 14mm 18mm;
    @bottom-left { content: "pgaudit-shipper report"; font: 8pt sans-serif; color: #59636e; }
    @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #59636e; } }
  :root { color-scheme: light; }
  html { font-size: 8pt; }
  body { max-width: none; padding: 0; line-height: 1.3; } p, ul, ol { margin: .25rem 0; max-width: none; }
  h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.15rem; margin: 1rem 0 .2rem; padding-top: .25rem; } h3 { margin: .7rem 0 .2rem; }
  th, td { padding: .12rem .3rem; } .spark { width: 5rem; height: 1.1rem; } table { margin: .4rem 0; font-size: .88rem; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; } h2, h3 { break-after: avoid; } tr, .verdict, .figures, .look, #sign { break-inside: avoid; }
  .verdict { padding: .35rem .7rem; margin: .5rem 0; }
  #plots { gap: .3rem 1.6rem; margin-top: .4rem; } figcaption { margin-bottom: .1rem; font-size: .95rem; } .panel svg { height: 1.9rem; } .week svg { max-height: 8.2rem; } .week p, .bars, .panel { font-size: .78rem; line-height: 1.2; } .panel { margin-bottom: .15rem; } .bars svg { height: .3rem; margin-bottom: .1rem; }
  .look h3 { margin: .25rem 0 0; font-size: .9rem; } .look ul { font-size: .82rem; line-height: 1.2; } #look { font-size: .9rem; }
  .roles li { display: flex; flex-wrap: wrap; gap: 0 .6rem; font-size: .88rem; } .roles pre { flex: 1 1 22rem; background: none; padding: 0; margin: 0; } .roles .head { gap: 0 .6rem; }
  .figures { grid-template-columns: repeat(7, 1fr); gap: .3rem; } .figures li { padding: .15rem .4rem; font-size: .8rem; } .figures b { font-size: 1rem; }
  pre { padding: .15rem .4rem; margin: .1rem 0 0; } ol.statements li { padding: .15rem 0; break-inside: avoid; }
  ol.statements p { margin: 0; } a { color: inherit; text-decoration: none; }
  .sign { gap: .8rem 2rem; } .sign div { min-height: 2.6rem; }
}
`;
