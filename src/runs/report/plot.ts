/**
 * The frame of a plot: linear scales with round ticks, a light grid, labelled axes. Figures are drawn twice, for a
 * wide page and for a phone, in true pixels: text keeps its size and nothing is shrunk.
 */
import { type Markup, markup, type Part } from './markup.ts';

export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** A domain that covers `values` with round ends; `zero` starts it at 0. */
export function domainOf(values: Iterable<number>, options: { zero?: boolean; count?: number } = {}): Domain {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  if (options.zero) low = Math.min(0, low);
  // A single value, or values that differ by rounding only, get room to stand in.
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low < Math.max(1e-9, size * 1e-9)) high = low + Math.max(0.1, size * 0.1);
  const step = roundStep((high - low) / (options.count ?? 5));
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  // A multiple is exact where a sum of steps would drift.
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks };
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly x: Domain;
  readonly y: Domain;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xFormat?: (value: number) => string;
  readonly yFormat?: (value: number) => string;
  /** Room to the right, for labels at the ends of lines. */
  readonly right?: number;
}

export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly axes: Markup;
}

export function plot(options: PlotOptions): Plot {
  const { width, height, xFormat = String, yFormat = String } = options;
  const labels = options.y.ticks.map(yFormat);
  const left = Math.ceil(Math.max(...labels.map((label) => textWidth(label, 12))) + 12);
  const [right, top, bottom] = [width - (options.right ?? 12), 26, height - 40];
  const x = (value: number) =>
    left + ((value - options.x.low) / (options.x.high - options.x.low)) * (right - left);
  const y = (value: number) =>
    bottom - ((value - options.y.low) / (options.y.high - options.y.low)) * (bottom - top);
  const xLabels = options.x.ticks.map(xFormat);
  const every = Math.ceil(
    (Math.max(...xLabels.map((label) => textWidth(label, 12))) + 10) /
      ((right - left) / Math.max(1, options.x.ticks.length - 1)),
  );
  const axes = markup`<g class="axes">
${options.y.ticks.map((tick, i) => markup`<line class="grid" x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${labels[i]}</text>`)}
${options.x.ticks.map((tick, i) => i % every === 0 && markup`<line class="tick" x1="${x(tick)}" x2="${x(tick)}" y1="${bottom}" y2="${bottom + 5}"/><text x="${x(tick)}" y="${bottom + 19}" text-anchor="${i === options.x.ticks.length - 1 && (options.right ?? 12) < 20 ? 'end' : 'middle'}">${xLabels[i]}</text>`)}
<line class="base" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>
<text class="label" x="0" y="12">${options.yLabel}</text>
<text class="label" x="${right}" y="${height - 3}" text-anchor="end">${options.xLabel}</text>
</g>`;
  return { left, right, top, bottom, x, y, axes };
}

/** Estimated width of text in px: good to a tenth for the page's sans-serif. */
export function textWidth(text: string, size: number): number {
  let units = 0;
  for (const character of text) {
    if (/[\u202f .,:;|il'!()[\]]/.test(character)) units += 0.3;
    else if (/[mwMW%—]/.test(character)) units += 0.88;
    else if (/[A-Z]/.test(character)) units += 0.68;
    else units += 0.56;
  }
  return units * size;
}

/** An SVG of the given size in px. `label` is read to those who do not see it. */
export function drawing(width: number, height: number, label: string, ...content: Part[]): Markup {
  return markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">${content}</svg>`;
}

export const PHONE = 340;

export interface FigureText {
  readonly id: string;
  readonly title: string;
  readonly caption: Part;
  /** Width on a wide page; 1000 fills it. */
  readonly wide?: number;
}

/** A figure with both drawings; the style sheet shows the one that fits. */
export function figure(text: FigureText, draw: (width: number) => Markup): Markup {
  return markup`<figure id="${text.id}"><h2>${text.title}</h2><p class="caption">${text.caption}</p>
<div class="wide">${draw(text.wide ?? 1000)}</div><div class="phone">${draw(PHONE)}</div></figure>`;
}

/** An SVG path through points. */
export function path(points: Iterable<readonly [x: number, y: number]>): string {
  return [...points].map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}
