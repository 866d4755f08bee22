/**
 * The winner as a picture. Wide: data flows from left to right through boxes that shrink with the resolution, and
 * below each stands what it costs. On a phone, or for a very deep network: the same from top to bottom.
 *
 *   [32x32 · 64]              [16x16 · 128]
 *   stem - [conv] - [shift] - [add] - [attention] - head
 *    |       |         |        |         |           |      energy
 */
import type { BlockResult, NetworkResult } from '../result.ts';
import { millijoule, percent, significant } from './format.ts';
import { glyph } from './glyph.ts';
import { type Markup, markup } from './markup.ts';
import { familyColour } from './palette.ts';
import { drawing, PHONE, textWidth } from './plot.ts';

/** What the picture shows of a network. */
export type Pictured = Pick<NetworkResult, 'blocks' | 'energyMj'>;

/** Neighbours of the same stage; stem and head stand alone. */
interface Group {
  readonly title: string;
  readonly detail: string;
  readonly blocks: readonly BlockResult[];
}

const NARROWEST_BOX = 40;

export function architecture(winner: Pictured, width: number): Markup {
  const groups = groupsOf(winner.blocks);
  const gap = 18;
  const box = Math.min(74, (width - gap * (groups.length - 1)) / Math.max(1, winner.blocks.length) - 6);
  const label = `The winner: ${winner.blocks.map(({ operator }) => operator).join(', ')}`;
  if (width <= PHONE || box < NARROWEST_BOX) return downwards(groups, winner, width, label);
  return across(groups, winner, width, box, gap, label);
}

function groupsOf(blocks: readonly BlockResult[]): Group[] {
  const groups: { title: string; detail: string; blocks: BlockResult[] }[] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (last !== undefined && block.stage !== null && last.blocks[0].stage === block.stage)
      last.blocks.push(block);
    else {
      groups.push({
        title: block.stage === null ? block.operator : `${block.height} × ${block.width}`,
        detail: `${block.channels} ${block.operator === 'head' ? 'classes' : 'channels'}`,
        blocks: [block],
      });
    }
  }
  return groups;
}

function across(
  groups: readonly Group[],
  winner: Pictured,
  width: number,
  box: number,
  gap: number,
  label: string,
): Markup {
  const [middle, floor, height] = [132, 318, 342];
  const highest = Math.max(...winner.blocks.map(({ energyMj }) => energyMj), 1e-12);
  const finest = Math.max(...winner.blocks.map((block) => block.height), 1);
  const used = winner.blocks.length * (box + 6) + gap * (groups.length - 1) - 6;
  let x = (width - used) / 2;
  const first = x;
  const drawn: Markup[] = [];
  for (const group of groups) {
    const span = group.blocks.length * (box + 6) - 6;
    drawn.push(heading(group, x, span, width));
    for (const block of group.blocks) {
      const side = 62 + 78 * Math.sqrt(block.height / finest);
      const bar = (block.energyMj / highest) * 84;
      const name = textWidth(block.operator, 12) > box - 4 ? short(block.operator) : block.operator;
      drawn.push(markup`<g class="block" style="--c:${familyColour(block.operator)}"><title>${titleOf(block, winner)}</title>
<rect class="box" x="${x}" y="${middle - side / 2}" width="${box}" height="${side}" rx="7"/>
${glyph(block.operator, x + box / 2, middle - 9, 17)}<text class="on" x="${x + box / 2}" y="${middle + 20}" text-anchor="middle">${name}</text>
<rect class="bar" x="${x + box * 0.18}" y="${floor - bar}" width="${box * 0.64}" height="${Math.max(1, bar)}" rx="2"/>
<text class="small number" x="${x + box / 2}" y="${floor - bar - 5}" text-anchor="middle">${significant(block.energyMj, 2)}</text></g>`);
      x += box + 6;
    }
    x += gap;
  }
  return drawing(
    width,
    height,
    label,
    markup`<line class="flow" x1="${first}" x2="${first + used}" y1="${middle}" y2="${middle}"/>`,
    drawn,
    markup`<line class="base" x1="${first}" x2="${first + used}" y1="${floor}" y2="${floor}"/><text class="small" x="${first}" y="${floor + 18}">energy of each block, mJ</text>`,
  );
}

/** Title, channels and a bracket above a group; a narrow stem or head has its name in its box. */
function heading({ title, detail, blocks }: Group, x: number, span: number, width: number): Markup {
  const wide = span > 64;
  const channels = wide ? detail : detail.replace('channels', 'ch');
  const half = textWidth(channels, 12) / 2;
  const middle = Math.min(Math.max(x + span / 2, half), width - half);
  const small = markup`<text class="small" x="${middle}" y="31" text-anchor="middle">${channels}</text>`;
  if (!wide && blocks[0].stage === null) return small;
  return markup`<path class="bracket" d="M${x} 46v-6h${span}v6"/><text class="stage" x="${x + span / 2}" y="14" text-anchor="middle">${title}</text>${small}`;
}

function downwards(groups: readonly Group[], winner: Pictured, width: number, label: string): Markup {
  const highest = Math.max(...winner.blocks.map(({ energyMj }) => energyMj), 1e-12);
  const [row, box, numbers] = [34, 116, 44];
  const room = width - box - 14 - numbers;
  let y = 4;
  const drawn: Markup[] = [];
  for (const group of groups) {
    const searched = group.blocks[0].stage !== null;
    if (searched) {
      drawn.push(
        markup`<text class="stage" x="0" y="${y + 16}">${group.title}</text><text class="small" x="${textWidth(group.title, 14) + 12}" y="${y + 16}">${group.detail}</text>`,
      );
      y += 25;
    }
    for (const block of group.blocks) {
      const bar = Math.max(1, (block.energyMj / highest) * room);
      drawn.push(markup`<g class="block" style="--c:${familyColour(block.operator)}"><title>${titleOf(block, winner)}</title>
<rect class="box" x="0" y="${y}" width="${box}" height="${row - 6}" rx="6"/>${glyph(block.operator, 19, y + 14, 14)}<text class="on" x="36" y="${y + 18.5}">${block.operator}</text>
<rect class="bar" x="${box + 10}" y="${y + 7}" width="${bar}" height="${row - 20}" rx="2"/><text class="small number" x="${box + 16 + bar}" y="${y + 18}">${significant(block.energyMj, 2)}</text></g>`);
      y += row;
    }
    y += 8;
  }
  drawn.push(markup`<text class="small" x="${box + 10}" y="${y + 8}">energy of each block, mJ</text>`);
  return drawing(width, y + 16, label, drawn);
}

function titleOf(block: BlockResult, winner: Pictured): string {
  const share = winner.energyMj > 0 ? `, ${percent(block.energyMj / winner.energyMj, 0)} of the network` : '';
  return `${block.name}: ${block.operator}, ${block.height} × ${block.width} × ${block.channels}, ${millijoule(block.energyMj)}${share}`;
}

function short(operator: string): string {
  return operator === 'attention' ? 'attn' : operator.slice(0, 5);
}
