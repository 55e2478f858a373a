/** The style of the status page in light and dark mode, and the script that refreshes it. */

export const STYLE = `
:root { color-scheme: light dark;
  --page: #fff; --text: #1a1f24; --soft: #59636e; --line: #d5dbe1; --panel: #f4f6f8;
  --lag: #2a6fb0; --good: #1a7f46; --bad: #b3261e; --slow: #8a5a00; --bad-panel: #fdeceb; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14181c; --text: #e6eaee; --soft: #a3adb8; --line: #38414a; --panel: #1e242a;
  --lag: #6bb0f0; --good: #5cc98a; --bad: #ff8a80; --slow: #f0c566; --bad-panel: #3a1d1c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem; max-width: 60rem; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 1rem/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
header p, .soft, figcaption { color: var(--soft); } header p { margin: 0; }
a { color: var(--lag); } code { font: .82em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.verdict { border: 2px solid var(--good); border-radius: .4rem; padding: .6rem .9rem; margin: 1rem 0; }
.verdict p { margin: .4rem 0 0; } .verdict ul { margin: .4rem 0; padding-left: 1.2rem; }
.good > strong, .good .state { color: var(--good); } .bad > strong, .bad .state, .look td { color: var(--bad); } .slow .state { color: var(--slow); }
.verdict.bad { border-color: var(--bad); background: var(--bad-panel); }
#live:empty { display: none; } #live { border-radius: .4rem; padding: .4rem .9rem; background: var(--bad-panel); color: var(--bad); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: .75rem; }
.card { background: var(--panel); border-radius: .4rem; border-left: .3rem solid var(--good); padding: .6rem .9rem; }
.card.bad { border-color: var(--bad); } .card.slow { border-color: var(--slow); }
.card h2 { margin: 0; font-size: .9rem; color: var(--soft); font-weight: 600; } .card p { margin: .15rem 0 0; font-size: .9rem; }
.card .state { font-weight: 600; font-size: 1.1rem; margin: 0; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; } td, th { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1.25rem 0; } figcaption { margin-bottom: .5rem; }
.canvas { display: grid; grid-template-columns: 4rem 1fr; gap: .5rem; } .canvas svg { width: 100%; height: 6rem; overflow: visible; }
.scale { display: flex; flex-direction: column; justify-content: space-between; align-items: flex-end; margin: -.6rem 0; color: var(--soft); font-size: .8rem; }
.labels { display: flex; justify-content: space-between; padding-left: 4.5rem; color: var(--soft); font-size: .8rem; }
.grid { stroke: var(--line); vector-effect: non-scaling-stroke; fill: none; } rect.lag { fill: var(--lag); }
`;

/**
 * Replaces the page's content every five seconds, unless the page is hidden or somebody selects text. What it fetches
 * is never run: scripts in a parsed document do not run, and the policy allows only this one.
 */
export const SCRIPT = `
const live = document.getElementById('live');
const refresh = async () => {
  if (document.hidden || getSelection()?.type === 'Range') return;
  try {
    const answer = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(4000) });
    if (!answer.ok) throw new Error();
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    document.querySelector('main').replaceWith(next.querySelector('main'));
    document.title = next.title;
    live.textContent = '';
  } catch {
    live.textContent ||= 'No answer since ' + new Date().toISOString().slice(11, 19) + ' UTC: this page is out of date.';
    document.title = '✗ no answer';
  }
};
setInterval(refresh, 5000);
addEventListener('visibilitychange', refresh);
`;
