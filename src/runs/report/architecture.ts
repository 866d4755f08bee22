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
import { type BlockPart, partsOf } from './parts.ts';
import { drawing, PHONE, textWidth } from './plot.ts';
import type { Task } from './task.ts';

/** What the picture shows of a network. */
export type Pictured = Pick<NetworkResult, 'blocks' | 'energyMj'>;

/** Neighbours of the same stage; stem and head stand alone. */
interface Group {
  readonly title: string;
  readonly detail: string;
  readonly blocks: readonly BlockResult[];
}

const NARROWEST_BOX = 40;

export function architecture(winner: Pictured, task: Task, width: number): Markup {
  const groups = groupsOf(winner.blocks, task);
  const gap = 18;
  const box = Math.min(74, (width - gap * (groups.length - 1)) / Math.max(1, winner.blocks.length) - 6);
  const label = `The winner: ${winner.blocks.map(({ operator }) => operator).join(', ')}`;
  if (width <= PHONE || box < NARROWEST_BOX) return downwards(groups, winner, task, width, label);
  return across(groups, winner, task, width, box, gap, label);
}

function groupsOf(blocks: readonly BlockResult[], task: Task): Group[] {
  const groups: { title: string; detail: string; blocks: BlockResult[] }[] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (last !== undefined && block.stage !== null && last.blocks[0].stage === block.stage)
      last.blocks.push(block);
    else {
      groups.push({ ...task.group(block), blocks: [block] });
    }
  }
  return groups;
}

function across(
  groups: readonly Group[],
  winner: Pictured,
  task: Task,
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
      const parts = partsOf(block.operator);
      const share = box / parts.length;
      const rect = { x, y: middle - side / 2, width: box, height: side, rx: 7 };
      const signs = parts.map(({ family, name }, i) => {
        const at = x + share * (i + 0.5);
        const shown = textWidth(name, 12) > share - 4 ? short(name) : name;
        return markup`${glyph(family, at, middle - 9, Math.min(17, share - 6))}<text class="on" x="${at}" y="${middle + 20}" text-anchor="middle">${shown}</text>`;
      });
      drawn.push(markup`<g class="block" style="--c:${colourOf(parts)}"><title>${titleOf(block, winner, task)}</title>
${boxOf(parts, rect)}
${signs}
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

function downwards(
  groups: readonly Group[],
  winner: Pictured,
  task: Task,
  width: number,
  label: string,
): Markup {
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
      const parts = partsOf(block.operator);
      const signs = parts.map(({ family, name }, i) => {
        const at = (box / parts.length) * i;
        return markup`${glyph(family, at + 19, y + 14, 14)}<text class="on" x="${at + 36}" y="${y + 18.5}">${name}</text>`;
      });
      drawn.push(markup`<g class="block" style="--c:${colourOf(parts)}"><title>${titleOf(block, winner, task)}</title>
${boxOf(parts, { x: 0, y, width: box, height: row - 6, rx: 6 })}${signs}
<rect class="bar" x="${box + 10}" y="${y + 7}" width="${bar}" height="${row - 20}" rx="2"/><text class="small number" x="${box + 16 + bar}" y="${y + 18}">${significant(block.energyMj, 2)}</text></g>`);
      y += row;
    }
    y += 8;
  }
  drawn.push(markup`<text class="small" x="${box + 10}" y="${y + 8}">energy of each block, mJ</text>`);
  return drawing(width, y + 16, label, drawn);
}

function titleOf(block: BlockResult, winner: Pictured, task: Task): string {
  const share = winner.energyMj > 0 ? `, ${percent(block.energyMj / winner.energyMj, 0)} of the network` : '';
  return `${block.name}: ${block.operator}, ${task.extent(block)}, ${millijoule(block.energyMj)}${share}`;
}

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly rx: number;
}

/** A block's box: in its colour, or each part in its own, side by side. */
function boxOf(parts: readonly BlockPart[], { x, y, width, height, rx }: Rect): Markup {
  const drawn = (style: Markup | undefined) =>
    markup`<rect class="box"${style} x="${x}" y="${y}" width="${width}" height="${height}" rx="${rx}"/>`;
  if (parts.length === 1) return drawn(undefined);
  return markup`${parts.map(({ family }, i) => {
    const [left, right] = [(100 * i) / parts.length, 100 - (100 * (i + 1)) / parts.length];
    return drawn(markup` style="--c:${familyColour(family)};clip-path:inset(0 ${right}% 0 ${left}%)"`);
  })}`;
}

/** Of what stands for the whole block, its bar: grey where it is of several. */
function colourOf(parts: readonly BlockPart[]): string {
  return parts.length === 1 ? familyColour(parts[0].family) : 'var(--quiet)';
}

function short(operator: string): string {
  return operator === 'attention' ? 'attn' : operator.slice(0, 5);
}
