/** Plots that answer on page one, also in print and without colours: labels, sizes and crosses say what colours say. */

import { type Html, html, type Part } from '../lib/html.js';
import { unsure } from '../lib/plot.js';
import { dayRows, isActive } from './activity.js';
import { CLASSES } from './amount.js';
import type { Week } from './findings.js';
import { OUTCOMES } from './outcomes.js';
import { objectName } from './parts.js';
import type { Report } from './report.js';
import { number } from './table.js';

const MOST_OBJECTS = 5;

export function plotSection(report: Report): Html {
  return html`<section id="plots"><h2 class="hidden">${report.words.page.sections.plots}</h2>
${[dayPlot, weekPlot, objectPlot, outcomePlot].map(plot => plot(report))}</section>`;
}

interface Panel {
  readonly name: string;
  readonly values: readonly number[];
}

/** A panel for each class: each has its own scale, and needs no colour. */
function dayPlot(report: Report): Html {
  const { plots } = report.words;
  const { step, rows } = dayRows(report);
  const { total } = report.findings;
  const active = rows.filter(isActive);
  const busiest = active.toSorted((a, b) => b.amount.events - a.amount.events)[0];
  const most = busiest === undefined ? '' : plots.busiest(busiest.label, number(busiest.amount.events));
  const panels: Panel[] = CLASSES.filter(name => name !== 'other' || total.byClass.other > 0).map(name => ({
    name: plots.classes[name],
    values: rows.map(({ amount }) => amount.byClass[name]),
  }));
  const isUnsure = rows.map(row => row.isUnsure);
  const hasUnsure = isUnsure.includes(true);
  return html`<figure class="plot days">
<figcaption>${plots.days(step)}${hasUnsure ? html` <span class="legend"><svg viewBox="0 0 1 100" aria-hidden="true" preserveAspectRatio="none">${unsure(0)}</svg>${plots.notCovered}</span>` : null}</figcaption>
<p class="hidden" id="plot-days-text">${plots.daysText(total.events, rows.length, step, rows.length - active.length, most)}</p>
${panels.map((panel, at) => drawPanel(report, panel, at, { labels: rows.map(({ label }) => label), isUnsure }))}
<div class="labels" aria-hidden="true"><span>${rows[0]?.label ?? ''}</span><span>${rows.length > 1 ? (rows.at(-1)?.label ?? '') : ''}</span></div>
</figure>`;
}

interface Days {
  readonly labels: readonly string[];
  readonly isUnsure: readonly boolean[];
}

function drawPanel({ words }: Report, { name, values }: Panel, at: number, { labels, isUnsure }: Days): Html {
  const { highest, notAllCovered } = words.plots;
  const top = Math.max(...values, 0);
  const bars = values.map((value, index) => {
    const title = `${labels[index] ?? ''}: ${name} ${number(value)}${isUnsure[index] === true ? `; ${notAllCovered}` : ''}`;
    return html`<g class="bar"><title>${title}</title>${bar(value, top, index)}${isUnsure[index] === true ? unsure(index) : null}</g>`;
  });
  return html`<div class="panel"><span>${name} <span class="soft">${highest(number(top))}</span></span>
<svg viewBox="0 0 ${Math.max(values.length, 1)} 100" preserveAspectRatio="none" role="img" aria-labelledby="plot-days-${at} plot-days-text">
<title id="plot-days-${at}">${name}</title>${bars}</svg></div>`;
}

function bar(value: number, top: number, index: number): Part {
  if (value <= 0) return null;
  // Every value above zero must be visible.
  const height = Math.max((value / top) * 100, 4);
  return html`<rect class="write" x="${(index + 0.1).toFixed(1)}" width="0.8" y="${(100 - height).toFixed(2)}" height="${height.toFixed(2)}"/>`;
}

/** Sides of the cells, in units of the drawing. */
const CELL = 10;
const SMALLEST = 3;
const LEFT = 26;
const BELOW = 12;

/** A square for each hour: its area is the number, its frame says that it is outside working hours. */
function weekPlot({ words, findings }: Report): Html {
  const { plots, weekdays } = words;
  const cells = findings.week.flatMap((hours, weekday) =>
    hours.map(({ inside, outside }, hour) => ({ weekday, hour, inside, outside, all: inside + outside })),
  );
  const most = cells.toSorted((a, b) => b.all - a.all)[0];
  const top = most?.all ?? 0;
  const squares = cells
    .filter(({ all }) => all > 0)
    .map(cell => {
      const side = Math.max(SMALLEST, Math.sqrt(cell.all / top) * (CELL - 1));
      const inset = (CELL - side) / 2;
      const label = `${weekdays[cell.weekday] ?? ''} ${clock(cell.hour)}: ${number(cell.all)}`;
      return html`<rect class="${cell.outside > cell.inside ? 'off' : 'write'}" x="${(LEFT + cell.hour * CELL + inset).toFixed(1)}" y="${(cell.weekday * CELL + inset).toFixed(1)}" width="${side.toFixed(1)}" height="${side.toFixed(1)}"><title>${label}</title></rect>`;
    });
  const names = weekdays.map((name, at) => html`<text x="0" y="${at * CELL + 8}">${name}</text>`);
  const hours = [0, 6, 12, 18].map(
    hour => html`<text x="${LEFT + hour * CELL}" y="${7 * CELL + 9}">${clock(hour)}</text>`,
  );
  return html`<figure class="plot week"><figcaption>${plots.week}</figcaption>
<svg viewBox="0 0 ${LEFT + 24 * CELL} ${7 * CELL + BELOW}" role="img" aria-labelledby="plot-week-title plot-week-text">
<title id="plot-week-title">${plots.week}</title>
<path class="grid" d="${findings.week.map((_, at) => `M${LEFT} ${at * CELL + CELL / 2}h${24 * CELL}`).join('')}"/>
${names}${hours}${squares}</svg><p class="soft" id="plot-week-text">${weekText(words, findings.week, most)}</p></figure>`;
}

function weekText(
  { plots, weekdays }: Report['words'],
  week: Week,
  most: { readonly weekday: number; readonly hour: number; readonly all: number } | undefined,
): string {
  const sum = (of: (cell: Week[number][number]) => number): string =>
    number(week.flat().reduce((total, cell) => total + of(cell), 0));
  const busiest =
    most === undefined || most.all === 0
      ? ''
      : plots.weekMost(weekdays[most.weekday] ?? '', clock(most.hour), number(most.all));
  return plots.weekText(
    sum(({ inside }) => inside),
    sum(({ outside }) => outside),
    busiest,
  );
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

function objectPlot(report: Report): Html {
  const { plots } = report.words;
  const rows = report.findings.objects.sorted
    .slice(0, MOST_OBJECTS)
    .map(({ object, events }) => ({ name: objectName(report, object), value: events }));
  return barList('objects', plots.objects, rows);
}

function outcomePlot({ words, findings }: Report): Html {
  const { outcomes, outcome } = words.plots;
  const rows = OUTCOMES.map(name => ({ name: outcome[name], value: findings.outcomes.counts[name] }));
  return barList('outcomes', outcomes, rows);
}

interface ListedBar {
  readonly name: Part;
  readonly value: number;
}

/** Lying bars with their names and numbers as text. */
function barList(id: string, title: string, rows: readonly ListedBar[]): Html {
  const top = Math.max(...rows.map(({ value }) => value), 1);
  return html`<figure class="plot ${id}"><figcaption>${title}</figcaption><ul class="bars">${rows.map(
    ({ name, value }) =>
      html`<li><span class="name">${name}</span> <span class="number">${number(value)}</span><svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="write" width="${((value / top) * 100).toFixed(2)}" height="1"/></svg></li>`,
  )}</ul></figure>`;
}
