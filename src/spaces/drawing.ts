/**
 * What pictures of search spaces are drawn with: an SVG of its own, readable on light and dark pages, without fonts or
 * scripts from outside. Sizes are pixels.
 */
export const WIDTH = 1000;
export const EDGE = 32;
/** Bars that are drawn: the largest parts of a space that has more. */
const MOST_BARS = 30;
/** Squares for layers; more are told in words. */
const MOST_SLOTS = 10;

/** The whole picture; `label` is what it shows, for those who cannot see it. */
export function page(label: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(label)}">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}

export interface Drawn {
  readonly svg: string;
  readonly height: number;
}

export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  name: string,
  lines: string[],
): string {
  const middle = y + height / 2 - 10 * lines.length;
  return [
    `<rect class="panel" x="${r(x)}" y="${y}" width="${width}" height="${height}" rx="10"/>`,
    text(x + width / 2, middle, 'head middle', name),
    ...lines.map((line, i) => text(x + width / 2, middle + 22 + 18 * i, 'quiet middle', line)),
  ].join('\n');
}

export function arrow(from: number, to: number, y: number): string {
  return `<path class="arrow" d="M${r(from)} ${y}H${r(to)}m-6 -5l6 5l-6 5"/>`;
}

/** A square for each layer that there may be, dashed where some networks have none; the range in words below. */
export function slots(lengths: readonly number[], x: number, y: number, width: number): string {
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const words = least === most ? `${most} ${most === 1 ? 'layer' : 'layers'}` : `${least} to ${most} layers`;
  const side = Math.min(13, (width - 24) / MOST_SLOTS - 3);
  const first = x + width / 2 - (most * (side + 3) - 3) / 2;
  const squares =
    most > MOST_SLOTS
      ? []
      : Array.from(
          { length: most },
          (_, i) =>
            `<rect class="${i < least ? 'slot' : 'slot maybe'}" x="${r(first + i * (side + 3))}" y="${y + 12}" width="${r(side)}" height="${r(side)}" rx="2"/>`,
        );
  return [...squares, text(x + width / 2, y + 49, 'quiet middle', words)].join('\n');
}

export interface Part {
  readonly word: string;
  /** Architectures it holds. */
  readonly count: bigint;
}

/** One bar a part of a space: its share of all architectures, beside the share of each when parts are drawn evenly. */
export function bars(parts: readonly Part[], top: number, title: string): Drawn {
  const total = parts.reduce((sum, { count }) => sum + count, 0n);
  // Through 10^-9ths, since a count of a large space is beyond a double.
  const all = parts.map((part) => ({ ...part, share: Number((part.count * 1_000_000_000n) / total) / 1e9 }));
  const largest = [...all].sort((a, b) => b.share - a.share).slice(0, MOST_BARS);
  const shown = all.length > MOST_BARS ? largest : all;
  const labels = 8.2 * Math.max(...shown.map(({ word }) => word.length)) + 14;
  const left = EDGE + Math.max(70, labels);
  const right = WIDTH - EDGE - 210;
  const even = 1 / all.length;
  const widest = Math.max(even, ...shown.map(({ share }) => share));
  const x = (share: number) => left + (share / widest) * (right - left);
  const first = top + 62;
  const rows = shown.map(({ word, share, count: networks }, i) => {
    const y = first + 22 * i;
    const amount = networks.toString().length > 15 ? exponent(networks) : networks.toLocaleString('en');
    return (
      text(left - 12, y + 13, 'number end', word) +
      `<rect class="bar" x="${r(left)}" y="${y}" width="${r(Math.max(1, x(share) - left))}" height="16" rx="2"><title>${word}: ${amount} architectures, ${percent(share)}</title></rect>` +
      text(WIDTH - EDGE, y + 13, 'number end', `${amount} · ${percent(share)}`)
    );
  });
  const end = first + 22 * shown.length;
  const rest = all.length - shown.length;
  return {
    svg: [
      text(EDGE, top + 10, 'head', title),
      text(
        EDGE,
        top + 33,
        'quiet',
        `share of all architectures; the dashed line is the share of each when tuples are drawn uniformly (${percent(even)})`,
      ),
      ...rows,
      `<line class="even" x1="${r(x(even))}" x2="${r(x(even))}" y1="${first - 6}" y2="${end - 2}"/>`,
      ...(rest > 0 ? [text(left, end + 16, 'quiet', `and ${rest.toLocaleString('en')} smaller tuples`)] : []),
    ].join('\n'),
    height: end - top + (rest > 0 ? 40 : 20),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

/** `1.23e+30` of a whole number beyond a double's digits. */
function exponent(value: bigint): string {
  const digits = value.toString();
  return `${digits[0]}.${digits.slice(1, 3)}e+${digits.length - 1}`;
}

export function text(x: number, y: number, kind: string, content: string): string {
  return `<text class="${kind}" x="${r(x)}" y="${r(y)}">${escaped(content)}</text>`;
}

export function r(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
svg { font: 14px system-ui, sans-serif; --paper: #ffffff; --ink: #1d2127; --quiet: #5b6470; --panel: #f3f4f6;
  --line: #c3c9d1; --conv: #2a63a8; --attention: #a8468a; --add: #bd5415; --shift: #0f7963; --on: #ffffff; }
@media (prefers-color-scheme: dark) { svg { --paper: #14161a; --ink: #e9ebee; --quiet: #a3abb6; --panel: #20242b;
  --line: #4a525e; --conv: #74aef0; --attention: #e08fc8; --add: #f2995c; --shift: #4fc4a7; --on: #14161a; } }
.paper { fill: var(--paper); } text { fill: var(--ink); } .title { font-size: 28px; font-weight: 650; }
.head { font-size: 16px; font-weight: 600; } .quiet { fill: var(--quiet); font-size: 13px; }
.middle { text-anchor: middle; } .end { text-anchor: end; } .number { font-variant-numeric: tabular-nums; font-size: 13px; }
.panel { fill: var(--panel); stroke: var(--line); } .arrow { fill: none; stroke: var(--quiet); stroke-width: 1.6; }
.conv { fill: var(--conv); } .attention { fill: var(--attention); } .add { fill: var(--add); } .shift { fill: var(--shift); }
.on { fill: var(--on); font-weight: 600; font-size: 13px; } .slot { fill: var(--quiet); stroke: var(--quiet); }
.maybe { fill: none; stroke-dasharray: 2.5 2; } .bar { fill: var(--quiet); }
.even { stroke: var(--ink); stroke-dasharray: 4 3; stroke-width: 1.4; }
`;
