/** Bars as inline SVG. The numbers are beside it in HTML, so that they keep their size on any screen. */

import { type Html, html } from './html.js';

export interface Series {
  readonly name: string;
  /** The class by which the style sheet colours it. */
  readonly className: string;
}

export interface Bar {
  readonly label: string;
  /** One value for each series, stacked from below. */
  readonly values: readonly number[];
  /** It is not known whether this is everything. */
  readonly isUnsure?: boolean;
}

export interface Plot {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** Describes the plot for readers who cannot see it. */
  readonly description: string;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
  readonly format?: (value: number) => string;
  /** The top of the scale for a highest bar; 1, 2 or 5 with zeros by default. */
  readonly scaleFor?: (highest: number) => number;
}

/** The plot with its legend, scale, and labels of the first, the middle and the last bar. */
export function barPlot({
  id,
  title,
  description,
  series,
  bars,
  format = String,
  scaleFor = roundUp,
}: Plot): Html {
  const isUnsure = bars.some(bar => bar.isUnsure);
  const shown = isUnsure ? [...series, UNSURE] : series;
  const top = scaleFor(Math.max(...bars.map(totalOf), 0));
  const middle = bars[Math.floor((bars.length - 1) / 2)]?.label ?? '';
  return html`<figure class="plot">
<figcaption>${title}${shown.length < 2 && !isUnsure ? null : legend(shown)}</figcaption>
<div class="canvas"><div class="scale" aria-hidden="true"><span>${format(top)}</span><span>${
    top % 2 === 0 ? format(top / 2) : ''
  }</span><span>0</span></div>
<svg viewBox="0 0 ${Math.max(bars.length, 1)} 100" preserveAspectRatio="none" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>
<path class="grid" d="M0 0H${bars.length}M0 50H${bars.length}M0 100H${bars.length}"/>
${bars.map((bar, index) => drawBar(bar, index, { series, top, format }))}</svg></div>
<div class="labels" aria-hidden="true"><span>${bars[0]?.label ?? ''}</span><span>${
    bars.length > 2 ? middle : ''
  }</span><span>${bars.length > 1 ? (bars.at(-1)?.label ?? '') : ''}</span></div>
</figure>`;
}

/** Only bars, for a table's cell whose row has the same in numbers. */
export function spark(
  values: readonly number[],
  top: number,
  className: string,
  unsureAt: ReadonlySet<number> = new Set(),
): Html {
  const series = [{ name: '', className }];
  return html`<svg class="spark" viewBox="0 0 ${Math.max(values.length, 1)} 100" preserveAspectRatio="none" aria-hidden="true">${values.map(
    (value, index) => drawSeries([value], index, { series, top, format: String }),
  )}${[...unsureAt].map(unsure)}</svg>`;
}

interface Drawing {
  readonly series: readonly Series[];
  readonly top: number;
  readonly format: (value: number) => string;
}

function drawBar({ label, values, isUnsure = false }: Bar, index: number, drawing: Drawing): Html {
  const described = drawing.series.map(({ name }, at) => `${name} ${drawing.format(values[at] ?? 0)}`);
  const title = `${label}: ${described.join(', ')}${isUnsure ? '; not all of it is covered' : ''}`;
  return html`<g class="bar"><title>${title}</title>${isUnsure ? unsure(index) : null}${drawSeries(values, index, drawing)}</g>`;
}

const UNSURE: Series = { name: 'not all of it is covered', className: 'missing' };

/** A crossed box: it says without its colour what it is. */
export function unsure(index: number): Html {
  return html`<rect class="missing" x="${index}" width="1" y="0" height="100"/><path class="missing" d="M${index} 0L${index + 1} 100M${index + 1} 0L${index} 100"/>`;
}

function drawSeries(values: readonly number[], index: number, { series, top }: Drawing): Html[] {
  let below = 0;
  return values.flatMap((value, at) => {
    if (value <= 0 || top === 0) return [];
    // Every value above zero must be visible.
    const height = Math.max((value / top) * 100, 1.5);
    below += height;
    return [
      html`<rect class="${series[at]?.className ?? ''}" x="${(index + 0.1).toFixed(1)}" width="0.8" y="${Math.max(0, 100 - below).toFixed(2)}" height="${height.toFixed(2)}"/>`,
    ];
  });
}

function legend(series: readonly Series[]): Html {
  return html`<span class="legend">${series.map(
    ({ name, className }) =>
      html`<span><svg viewBox="0 0 1 1" aria-hidden="true"><rect class="${className}" width="1" height="1"/></svg>${name}</span>`,
  )}</span>`;
}

function totalOf({ values }: Bar): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Rounds up to 1, 2 or 5 with zeros. */
function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find(step => step * power >= value) ?? 10) * power;
}
