/**
 * One program over many tensors. A table has a row for each of them: its first workgroup, its length, where it begins in
 * each of its slabs, its numbers. A workgroup looks for its row by halving, and then works on its piece of the tensor.
 *
 *   workgroups  0 1 2 | 3 | 4 5 6 7 | ...       rows  [0, ...] [3, ...] [4, ...]
 *
 * A program is bound to slabs, so tensors of the same slabs go together; those of a buffer of their own are large.
 */
import type { Buffer } from '../backend.ts';
import { ceilDivide, fold } from './kernels/grid.ts';
import type { Block } from './memory.ts';
import { GRID, MAIN, type Program, THREADS } from './program.ts';
import { type Queue, TABLE_WORDS } from './queue.ts';

export interface PartsProgram {
  readonly name: string;
  /** Of a part, as a program declares them; the code says `x[i]` of element i of the part. */
  readonly buffers: readonly string[];
  /** Of a part, as a program declares them; the code says `q.rate`. */
  readonly params: readonly string[];
  /** Elements that a thread takes. */
  readonly each: number;
  /** For every element `i` of a part below its `length`. */
  readonly code: string;
  /** What a workgroup, number `piece` of its part, does before and after. */
  readonly before?: string;
  readonly after?: string;
  readonly functions?: string;
}

export interface Part {
  readonly buffers: readonly Buffer[];
  readonly length: number;
  readonly numbers: readonly number[];
}

/** Workgroups that a part of so many elements takes. */
export function piecesOf({ each }: PartsProgram, length: number): number {
  return ceilDivide(length, THREADS * each);
}

const FIXED = 2;
const rowWords = ({ buffers, params }: PartsProgram): number => FIXED + buffers.length + params.length;
const nameOf = (declared: string): string => declared.split(/[ :]/)[1];

const made = new Map<string, Program>();

function programOf(parts: PartsProgram): Program {
  let program = made.get(parts.name);
  if (program !== undefined) return program;
  const { name, each, functions = '', before = '', after = '' } = parts;
  const names = parts.buffers.map(nameOf);
  const placed = (code: string): string =>
    names.reduce((text, one) => text.replaceAll(new RegExp(`\\b${one}\\[`, 'g'), `${one}[${one}At + `), code);
  const fields = parts.params.map((text) => text.split(' '));
  const word = (i: number): string => `table[row + ${FIXED + i}u]`;
  program = {
    name,
    buffers: ['read table: u32', ...parts.buffers],
    params: ['u32 at', 'u32 rows'],
    code: `
${functions}
${fields.length > 0 ? `struct Numbers { ${fields.map(([type, field]) => `${field}: ${type},`).join(' ')} }` : ''}
${MAIN}
fn main(${GRID}) {
  let index = group.y * groups.x + group.x;
  var low = 0u;
  var high = p.rows;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (table[p.at + middle * ${rowWords(parts)}u] <= index) { low = middle; } else { high = middle; }
  }
  let row = p.at + low * ${rowWords(parts)}u;
  let piece = index - table[row];
  let length = table[row + 1u];
  ${names.map((one, i) => `let ${one}At = ${word(i)};`).join(' ')}
  ${fields.length > 0 ? `let q = Numbers(${fields.map(([type], i) => `bitcast<${type}>(${word(names.length + i)})`).join(', ')});` : ''}
  ${placed(before)}
  let end = min(length, (piece + 1u) * ${THREADS * each}u);
  for (var i = piece * ${THREADS * each}u + local; i < end; i += ${THREADS}u) {
    ${placed(parts.code)}
  }
  ${placed(after)}
}`,
  };
  made.set(name, program);
  return program;
}

/** Runs a program over parts, in as many launches as they have different slabs. */
export function launchParts(
  queue: Queue,
  blockOf: (buffer: Buffer) => Block,
  program: PartsProgram,
  parts: readonly Part[],
): void {
  const together = new Map<string, { part: Part; blocks: Block[] }[]>();
  for (const part of parts) {
    const blocks = part.buffers.map(blockOf);
    if (part.length === 0) continue;
    const key = blocks.map(({ slab, id }) => slab?.id ?? id).join();
    const known = together.get(key);
    if (known === undefined) together.set(key, [{ part, blocks }]);
    else known.push({ part, blocks });
  }
  const most = Math.floor(TABLE_WORDS / rowWords(program));
  for (const all of together.values()) {
    for (let from = 0; from < all.length; from += most)
      launchTogether(queue, program, all.slice(from, from + most));
  }
}

function launchTogether(
  queue: Queue,
  program: PartsProgram,
  all: readonly { readonly part: Part; readonly blocks: readonly Block[] }[],
): void {
  const width = rowWords(program);
  const words = new Uint32Array(all.length * width);
  const floats = new Float32Array(words.buffer);
  let groups = 0;
  for (const [i, { part, blocks }] of all.entries()) {
    const at = i * width;
    words[at] = groups;
    words[at + 1] = part.length;
    for (const [j, { offset }] of blocks.entries()) words[at + FIXED + j] = offset / 4;
    for (const [j, number] of part.numbers.entries()) {
      const place = at + FIXED + blocks.length + j;
      if (program.params[j].startsWith('f32 ')) floats[place] = number;
      else words[place] = number;
    }
    groups += piecesOf(program, part.length);
  }
  const [{ blocks }] = all;
  const slabs = blocks.map((block) => block.slab ?? block);
  const [x, y] = fold(groups);
  queue.launchTable(programOf(program), words, slabs, [all.length], x, y);
  for (const { blocks: used } of all) queue.used(used);
}
