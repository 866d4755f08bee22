/**
 * A space as a picture: an SVG of its own, readable on light and dark pages, without fonts or scripts from outside.
 *
 *   stem -> [stage 0] -> [stage 1] -> ... -> head      what a layer may be, how many layers a stage may have
 *   ties and exclusions as sentences
 *   one bar a tuple of stage lengths: its share of all architectures, beside the share it has when tuples are drawn
 */
import type { OperatorName } from '../operators/names.ts';
import { tupleTable } from './count.ts';
import { OPERATOR_LETTERS } from './genotype.ts';
import { showRules } from './rules.ts';
import type { Space } from './space.ts';
import { maxLayers, showLengths } from './stage-layers.ts';

const WIDTH = 1000;
const EDGE = 32;
/** Bars that are drawn: the largest tuples of a space that has more. */
const MOST_BARS = 30;
/** Squares for the layers of a stage; a longer stage is told in words. */
const MOST_SLOTS = 10;
const FRAME = 92;
const GAP = 30;

/** The SVG text. */
export function drawSpace(space: Space): string {
  const { total } = tupleTable(space);
  const deepest = maxLayers(space);
  const least = Math.min(...tupleTable(space).layers);
  const depth = least === deepest ? `${deepest} layers` : `${least} to ${deepest} layers`;
  const tuples = space.stageLengths.length;
  const parts = [
    text(EDGE, 50, 'title', space.name),
    text(
      EDGE,
      76,
      'quiet',
      `${total.toLocaleString('en')} architectures of ${depth}, in ${tuples.toLocaleString('en')} ${tuples === 1 ? 'tuple' : 'tuples'} of stage lengths`,
    ),
  ];
  let y = 104;
  const flow = flowOf(space, y);
  parts.push(flow.svg);
  y += flow.height + 28;
  for (const draw of [rulesOf, barsOf]) {
    const drawn = draw(space, y);
    parts.push(drawn.svg);
    y += drawn.height;
  }
  const label = `Search space ${space.name}: ${total.toLocaleString('en')} architectures in ${space.stages.length} stages`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escaped(label)}">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${y}"/>
${parts.join('\n')}
</svg>
`;
}

interface Drawn {
  readonly svg: string;
  readonly height: number;
}

/** Stem, stages and head from left to right; past six stages they go on in further rows. */
function flowOf(space: Space, top: number): Drawn {
  const { stages, stem } = space;
  const inRow = Math.min(6, stages.length);
  const panel = (WIDTH - 2 * EDGE - 2 * FRAME - (inRow + 1) * GAP) / inRow;
  const operators = Math.max(...stages.map((stage) => stage.operators.length));
  const height = 76 + 32 * operators + 62;
  const row = height + 24;
  const rows = Math.ceil(stages.length / inRow);
  const out: string[] = [];
  const pool = stem.pool === 'none' ? [] : [`pool ${stem.pool.slice(3)} × ${stem.pool.slice(3)}`];
  out.push(
    box(EDGE, top, FRAME, height, 'stem', [
      `${stem.kernel} × ${stem.kernel}, /${stem.stride}`,
      ...pool,
      `${stem.channels} ch`,
    ]),
  );
  stages.forEach((stage, i) => {
    const [column, line] = [i % inRow, Math.floor(i / inRow)];
    const x = EDGE + FRAME + GAP + column * (panel + GAP);
    const y = top + line * row;
    out.push(
      arrow(x - GAP + 4, x - 5, y + height / 2),
      `<rect class="panel" x="${x}" y="${y}" width="${r(panel)}" height="${height}" rx="10"/>`,
      text(x + panel / 2, y + 27, 'head middle', `stage ${i}`),
      text(
        x + panel / 2,
        y + 47,
        'quiet middle',
        `1/${stage.scale} · ${stage.channels} ${stage.kernel === undefined ? 'channels' : `ch · ${stage.kernel} × ${stage.kernel}`}`,
      ),
      ...stage.operators.map((operator, j) => chip(operator, x + 14, y + 62 + 32 * j, panel - 28)),
      slots(space, i, x, y + height - 64, panel),
    );
  });
  const last = EDGE + FRAME + GAP + (((stages.length - 1) % inRow) + 1) * (panel + GAP);
  const bottom = top + (rows - 1) * row;
  out.push(
    arrow(last - GAP + 4, last - 5, bottom + height / 2),
    box(last, bottom, FRAME, height, 'head', ['mean', 'linear']),
  );
  return { svg: out.join('\n'), height: rows * row - 24 };
}

function box(x: number, y: number, width: number, height: number, name: string, lines: string[]): string {
  const middle = y + height / 2 - 10 * lines.length;
  return [
    `<rect class="panel" x="${r(x)}" y="${y}" width="${width}" height="${height}" rx="10"/>`,
    text(x + width / 2, middle, 'head middle', name),
    ...lines.map((line, i) => text(x + width / 2, middle + 22 + 18 * i, 'quiet middle', line)),
  ].join('\n');
}

function arrow(from: number, to: number, y: number): string {
  return `<path class="arrow" d="M${r(from)} ${y}H${r(to)}m-6 -5l6 5l-6 5"/>`;
}

function chip(operator: OperatorName, x: number, y: number, width: number): string {
  return (
    `<rect class="${operator}" x="${r(x)}" y="${y}" width="${r(width)}" height="26" rx="6"/>` +
    text(x + 12, y + 18, 'on', operator) +
    text(x + width - 12, y + 18, 'on end', OPERATOR_LETTERS[operator])
  );
}

/** A square for each layer a stage may have, dashed where some networks have none; the range in words below. */
function slots(space: Space, stage: number, x: number, y: number, width: number): string {
  const lengths = space.stageLengths.map((tuple) => tuple[stage]);
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

function rulesOf(space: Space, top: number): Drawn {
  const sentences = showRules(space).flatMap((sentence) => wrap(sentence, 118));
  if (sentences.length === 0) return { svg: '', height: 0 };
  const lines = sentences.map(({ line, first }, i) =>
    text(EDGE + (first ? 0 : 14), top + 38 + 21 * i, 'rule', first ? `· ${line}` : line),
  );
  return {
    svg: [text(EDGE, top + 10, 'head', 'ties and exclusions'), ...lines].join('\n'),
    height: 38 + 21 * sentences.length + 20,
  };
}

function wrap(sentence: string, most: number): { line: string; first: boolean }[] {
  const lines: { line: string; first: boolean }[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + word.length >= most) {
      lines.push({ line, first: lines.length === 0 });
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, { line, first: lines.length === 0 }];
}

function barsOf(space: Space, top: number): Drawn {
  const { total, count } = tupleTable(space);
  const all = space.stageLengths.map((lengths, i) => ({
    word: showLengths(lengths),
    // Through 10^-9ths, since a count of a large space is beyond a double.
    share: Number((count[i] * 1_000_000_000n) / total) / 1e9,
    count: count[i],
  }));
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
      text(EDGE, top + 10, 'head', 'architectures by stage lengths'),
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

function text(x: number, y: number, kind: string, content: string): string {
  return `<text class="${kind}" x="${r(x)}" y="${r(y)}">${escaped(content)}</text>`;
}

function r(value: number): number {
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
