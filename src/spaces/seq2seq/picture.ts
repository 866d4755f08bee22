/**
 * A translation space as a picture: an SVG of its own.
 *
 *   source -> [encoder] -> [decoder] -> target      blocks a layer may be, the values of its other genes, depths
 *   one bar a pair of depths: its share of all architectures, beside the share it has when depths are drawn evenly
 */
import { arrow, bars, box, EDGE, page, r, slots, text, WIDTH } from '../drawing.ts';
import { countLayers, countTranslation } from './count.ts';
import { type SideName, sideChoices } from './genes.ts';
import { blockParts, type SequenceBlock } from './network.ts';
import type { TranslationSpace } from './space.ts';

const FRAME = 92;
const GAP = 40;
const PANEL = (WIDTH - 2 * EDGE - 2 * FRAME - 3 * GAP) / 2;
const LINE = 20;

/** The SVG text. */
export function drawTranslationSpace(space: TranslationSpace): string {
  const total = countTranslation(space).toLocaleString('en');
  const [encoder, decoder] = (['encoder', 'decoder'] as const).map((side) => sideChoices(space, side));
  const top = 128;
  const chips = Math.max(space.encoder.block.length, space.decoder.block.length);
  const height = 70 + 32 * chips + LINE * 4 + 66;
  const middle = top + height / 2;
  const left = EDGE + FRAME + GAP;
  const right = left + PANEL + GAP;
  const last = right + PANEL + GAP;
  const fixed = `queries, keys and values ${space.attention} wide; windows of the filters by layer ${list(space.windows)}`;
  const pairs = encoder.depths.flatMap((encoderDepth) =>
    decoder.depths.map((decoderDepth) => ({
      word: `${encoderDepth} + ${decoderDepth}`,
      count:
        countLayers(encoder, encoderDepth) *
        countLayers(decoder, decoderDepth) *
        BigInt(encoder.width.length * decoder.width.length),
    })),
  );
  const shares = bars(pairs, top + height + 34, 'architectures by layers of encoder + decoder');
  return page(
    `Search space ${space.name}: ${total} translation networks`,
    top + height + 34 + shares.height,
    [
      text(EDGE, 50, 'title', space.name),
      text(EDGE, 76, 'quiet', `${total} architectures for translation`),
      text(EDGE, 98, 'quiet', space.gated ? `${fixed}; gated` : fixed),
      box(EDGE, top, FRAME, height, 'source', ['words']),
      arrow(left - GAP + 4, left - 5, middle),
      panel(space, 'encoder', left, top, height),
      arrow(right - GAP + 4, right - 5, middle),
      panel(space, 'decoder', right, top, height),
      arrow(last - GAP + 4, last - 5, middle),
      box(last, top, FRAME, height, 'target', ['words']),
      shares.svg,
    ],
  );
}

function panel(space: TranslationSpace, side: SideName, x: number, top: number, height: number): string {
  const { width, layers, block, heads, feedForward } = space[side];
  const cross = ({ crossHeads, sources }: TranslationSpace['decoder']) => [
    `heads to the encoder ${list(crossHeads)}`,
    `sees the encoder's last ${list(sources)} ${sources.length === 1 && sources[0] === 1 ? 'layer' : 'layers'}`,
  ];
  const lines = [
    `heads ${list(heads)}`,
    ...(side === 'decoder' ? cross(space.decoder) : []),
    `feed-forward ${list(feedForward)}`,
  ];
  return [
    `<rect class="panel" x="${x}" y="${top}" width="${r(PANEL)}" height="${height}" rx="10"/>`,
    text(x + PANEL / 2, top + 27, 'head middle', side),
    text(x + PANEL / 2, top + 47, 'quiet middle', `width ${list(width)}`),
    ...block.map((name, i) => chip(name, x + 14, top + 62 + 32 * i, PANEL - 28)),
    ...lines.map((line, i) =>
      text(x + PANEL / 2, top + 84 + 32 * block.length + LINE * i, 'quiet middle', line),
    ),
    slots(layers, x, top + height - 64, PANEL),
  ].join('\n');
}

/** The filter's colour; attention takes the left half of a block of two branches. */
const CLASS = { conv: 'conv', add: 'add', 'shift-add': 'shift' } as const;

function chip(block: SequenceBlock, x: number, y: number, width: number): string {
  const { attention, lightweight } = blockParts(block);
  const classes = [...(attention ? ['attention'] : []), ...(lightweight ? [CLASS[lightweight]] : [])];
  const part = width / classes.length;
  const rounded = classes.map(
    (kind, i) =>
      `<rect class="${kind}" x="${r(x + i * part)}" y="${y}" width="${r(part)}" height="26" rx="6"/>`,
  );
  const names = [...(attention ? ['attention'] : []), ...(lightweight ? [lightweight] : [])];
  return [
    ...rounded,
    ...names.map((name, i) => text(x + i * part + 10, y + 18, 'on', name)),
    text(x + width - 10, y + 18, 'on end', block),
  ].join('');
}

const list = (values: readonly number[]) => values.join(', ');
