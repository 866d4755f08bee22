/**
 * A space as a picture: an SVG of its own, readable on light and dark pages, without fonts or scripts from outside.
 *
 *   stem -> [stage 0] -> [stage 1] -> ... -> head      what a layer may be, how many layers a stage may have
 *   ties and exclusions as sentences
 *   one bar a tuple of stage lengths: its share of all architectures, beside the share it has when tuples are drawn
 */
import type { OperatorName } from '../operators/names.ts';
import { tupleTable } from './count.ts';
import { arrow, bars, box, type Drawn, EDGE, page, r, slots, text, WIDTH } from './drawing.ts';
import { OPERATOR_LETTERS } from './genotype.ts';
import { showRules } from './rules.ts';
import type { Space } from './space.ts';
import { maxLayers, showLengths } from './stage-layers.ts';

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
  return page(label, y, parts);
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
      slots(
        space.stageLengths.map((lengths) => lengths[i]),
        x,
        y + height - 64,
        panel,
      ),
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

function chip(operator: OperatorName, x: number, y: number, width: number): string {
  return (
    `<rect class="${operator}" x="${r(x)}" y="${y}" width="${r(width)}" height="26" rx="6"/>` +
    text(x + 12, y + 18, 'on', operator) +
    text(x + width - 12, y + 18, 'on end', OPERATOR_LETTERS[operator])
  );
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
  const { count } = tupleTable(space);
  const parts = space.stageLengths.map((lengths, i) => ({ word: showLengths(lengths), count: count[i] }));
  return bars(parts, top, 'architectures by stage lengths');
}
