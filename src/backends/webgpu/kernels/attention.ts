/**
 * Attention without a matrix of scores. A thread owns one row, of queries or of keys, with its vectors in registers, and
 * walks over the rows of the other side; the workgroup brings those into its memory a few at a time, and all its threads
 * read the same ones. So no sum is shared between threads, and its order is that of the rows.
 *
 *   forward   owns q, y           walks k, v      softmax on the way: the sums are scaled down when a larger score comes
 *   dq        owns q, dy, dq      walks k, v      weights again from the statistic that the forward pass left
 *   dk        owns k, v, dk       walks q, dy
 *   dv        owns k, dv          walks q, dy
 */
import type { AttentionShape, Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, GRID, type Program, programs } from '../program.ts';
import { type Folding, launchFolding } from './folding.ts';
import { ceilDivide, fold, threads } from './grid.ts';

type Vector = 'q' | 'k' | 'v' | 'y' | 'dy' | 'dq' | 'dk' | 'dv';

interface Walk {
  readonly name: string;
  readonly owner: 'query' | 'key';
  readonly owns: readonly Vector[];
  readonly walks: readonly Vector[];
  /** What is summed, and of which vector. */
  readonly sums: Vector;
  readonly of: Vector;
  /** Further buffers, of a number for each query. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /**
   * WGSL that gives the summed vector its `factor`, from `score`, and `pull` = dy . v where both are there; a weight that
   * is kept counts `kept` times.
   */
  readonly step: string;
  readonly before?: string;
  /** Behind the walk; `share` is what all sums are multiplied by. */
  readonly after: string;
}

/** Rows that are owned in a workgroup. */
const OWNED = 64;
/** Vectors of the workgroup's memory, for both sides that are walked over and, of one, a sentence's length. */
const ROOM = 1024;
const MOST_WALKED = 16;

const PARAMS = [
  ...['queries', 'keys', 'keyRows', 'heads', 'blocks', 'items', 'causal', 'dropping'].map(
    (name) => `u32 ${name}`,
  ),
  ...['f32 scale', 'u32 dropAbove', 'f32 kept', 'u32 key0', 'u32 key1'],
];

const FORWARD: Walk = {
  name: 'attentionForward',
  owner: 'query',
  owns: ['q'],
  walks: ['k', 'v'],
  sums: 'y',
  of: 'v',
  reads: [],
  writes: ['write statistics'],
  before: 'var most = -INFINITY(); var total = 0.0;',
  step: `
      if (score > most) {
        let smaller = exponential(most - score);
        total *= smaller;
        for (var i = 0u; i < VECTORS; i++) { sums[i] *= smaller; }
        most = score;
      }
      let weight = exponential(score - most);
      total += weight;
      let factor = weight * kept;`,
  after: `
    let nothing = total == 0.0;
    statistics[row] = select(most + logarithm(total), -INFINITY(), nothing);
    let share = 1.0 / select(total, 1.0, nothing);`,
};

const WEIGHT = 'let weight = exponential(score - statistics[row]);';
const SLOPE = `${WEIGHT} let factor = p.scale * weight * (kept * pull - means[meanRow]);`;
const ALL = 'let share = 1.0;';

const QUERY_GRADIENT: Walk = {
  name: 'attentionBackward dq',
  owner: 'query',
  owns: ['q', 'dy'],
  walks: ['k', 'v'],
  sums: 'dq',
  of: 'k',
  reads: ['read statistics', 'read means'],
  writes: [],
  step: SLOPE,
  after: ALL,
};

const KEY_GRADIENT: Walk = {
  name: 'attentionBackward dk',
  owner: 'key',
  owns: ['k', 'v'],
  walks: ['q', 'dy'],
  sums: 'dk',
  of: 'q',
  reads: ['read statistics', 'read means'],
  writes: [],
  step: SLOPE,
  after: ALL,
};

const VALUE_GRADIENT: Walk = {
  name: 'attentionBackward dv',
  owner: 'key',
  owns: ['k'],
  walks: ['q', 'dy'],
  sums: 'dv',
  of: 'dy',
  reads: ['read statistics'],
  writes: [],
  step: `${WEIGHT} let factor = weight * kept;`,
  after: ALL,
};

const WALKS = { FORWARD, QUERY_GRADIENT, KEY_GRADIENT, VALUE_GRADIENT };

const walkProgram = programs((which: keyof typeof WALKS, width: number, padded: boolean): Program => {
  const walk = WALKS[which];
  const { owns, walks, sums } = walk;
  const vectors = ceilDivide(width, 4);
  const walked = Math.max(1, Math.min(MOST_WALKED, Math.floor((padded ? ROOM - 1 : ROOM) / 2 / vectors)));
  const ofQueries = walk.owner === 'query';
  /** Vector i of the row that begins at `at`; lanes behind the width are 0. */
  const load = (name: string, at: string): string =>
    `vec4f(${[0, 1, 2, 3].map((lane) =>
      width % 4 === 0
        ? `${name}[${at} + 4u * i + ${lane}u]`
        : `select(0.0, ${name}[${at} + min(4u * i + ${lane}u, ${width - 1}u)], 4u * i + ${lane}u < ${width}u)`,
    )})`;
  const overVectors = (statement: string): string => `for (var i = 0u; i < VECTORS; i++) { ${statement} }`;
  const vector = (name: Vector): string => (owns.includes(name) ? `${name}Own[i]` : `${name}Rows[place + i]`);
  const pulls = owns.includes('dy') || owns.includes('v');
  return {
    name: `${walk.name} ${width}${padded ? ' padded' : ''}`,
    buffers: [
      ...[...owns, ...walks].map((name) => `read ${name}`),
      ...(padded ? ['read lengths: i32'] : []),
      ...walk.reads,
      `write ${sums}`,
      ...walk.writes,
    ],
    params: PARAMS,
    code: `
const VECTORS = ${vectors}u;
${walks.map((name) => `var<workgroup> ${name}Rows: array<vec4f, ${walked * vectors}>;`).join('\n')}
fn seenBy(query: u32, length: u32) -> u32 {
  let behind = clamp(i32(p.keys) - i32(p.queries) + i32(query) + 1, 0, i32(length));
  return select(length, u32(behind), p.causal != 0u);
}
${padded ? 'var<workgroup> seen: u32;' : ''}
@compute @workgroup_size(${OWNED})
fn main(${GRID}) {
  let index = group.y * groups.x + group.x;
  let item = min(index / p.blocks, p.items - 1u);
  let firstOwned = index % p.blocks * ${OWNED}u;
  let owner = firstOwned + local;
  let live = index / p.blocks < p.items && owner < p.${ofQueries ? 'queries' : 'keyRows'};
  let sentence = item / p.heads;
  let columns = p.heads * ${width}u;
  let head = item % p.heads * ${width}u;
  ${
    padded
      ? `
  // Where lengths stand in a slab that is written, the compiler must be told that all threads read the same.
  if (local == 0u) { seen = u32(clamp(lengths[sentence], 0, i32(p.keys))); }
  let length = workgroupUniformLoad(&seen);`
      : 'let length = p.keys;'
  }
  let firstQuery = sentence * p.queries;
  let firstKey = sentence * p.keyRows;
  let own = (${ofQueries ? 'firstQuery' : 'firstKey'} + select(0u, owner, live)) * columns + head;
  ${owns.map((name) => `var ${name}Own: array<vec4f, VECTORS>; ${overVectors(`${name}Own[i] = ${load(name, 'own')};`)}`).join('\n  ')}
  var sums: array<vec4f, VECTORS>;
  ${walk.before ?? ''}
  ${
    ofQueries
      ? `let begin = 0u;
  let end = seenBy(min(firstOwned + ${OWNED}u, p.queries) - 1u, length);`
      : `let begin = select(0u, u32(max(0, i32(firstOwned + p.queries) - i32(p.keys))), p.causal != 0u);
  let end = select(p.queries, 0u, firstOwned >= length);`
  }
  for (var base = begin; base < end; base += ${walked}u) {
    workgroupBarrier();
    for (var unit = local; unit < ${walked}u * VECTORS; unit += ${OWNED}u) {
      let walker = base + unit / VECTORS;
      let i = unit % VECTORS;
      if (walker < end) {
        let at = (${ofQueries ? 'firstKey' : 'firstQuery'} + walker) * columns + head;
        ${walks.map((name) => `${name}Rows[unit] = ${load(name, 'at')};`).join('\n        ')}
      }
    }
    workgroupBarrier();
    for (var j = base; j < min(base + ${walked}u, end) && live; j++) {
      let place = (j - base) * VECTORS;
      let query = ${ofQueries ? 'owner' : 'j'};
      let key = ${ofQueries ? 'j' : 'owner'};
      if (key >= seenBy(query, length)) { continue; }
      let row = item * p.queries + query;
      let meanRow = (firstQuery + query) * p.heads + item % p.heads;
      var score = 0.0;
      ${pulls ? 'var pull = 0.0;' : ''}
      ${overVectors(`score += dot(${vector('q')}, ${vector('k')}); ${pulls ? `pull += dot(${vector('dy')}, ${vector('v')});` : ''}`)}
      score *= p.scale;
      var kept = 1.0;
      if (p.dropping != 0u) {
        let word = threefry(vec2u(p.key0, p.key1), vec2u(row, key / 2u))[key % 2u];
        kept = select(0.0, p.kept, (word >> 8u) > p.dropAbove);
      }
      ${walk.step}
      ${overVectors(`sums[i] += factor * ${vector(walk.of)};`)}
    }
  }
  if (live) {
    let row = item * p.queries + owner;
    ${walk.after}
    for (var d = 0u; d < ${width}u; d++) { ${sums}[own + d] = sums[d / 4u][d % 4u] * share; }
  }
}`,
  };
});

function launchWalk(
  gpu: Launcher,
  which: keyof typeof WALKS,
  vectors: readonly Buffer[],
  lengths: Buffer | null,
  others: readonly Buffer[],
  shape: AttentionShape,
  key: readonly [number, number],
): void {
  const { n, heads, queries, keys, width, keyRows, causal, scale, drop } = shape;
  const owned = WALKS[which].owner === 'query' ? queries : keyRows;
  if (n * heads * owned * width === 0) return;
  const blocks = ceilDivide(owned, OWNED);
  const program = walkProgram(which, width, lengths !== null);
  const buffers = [...vectors, ...(lengths === null ? [] : [lengths]), ...others];
  const sizes = [queries, keys, keyRows, heads, blocks, n * heads, causal ? 1 : 0, drop > 0 ? 1 : 0];
  // A draw is a whole number over 2^24.
  const dropAbove = Math.floor(drop * 2 ** 24);
  const numbers = [...sizes, scale, dropAbove, 1 / (1 - drop), key[0], key[1]];
  gpu.launch(program, buffers, numbers, ...fold(n * heads * blocks));
}

/** Lengths beyond the keys are noted; what reads them takes them for all the keys there are. */
const LENGTHS: Program = {
  name: 'attention lengths',
  buffers: ['read lengths: i32', 'write status: atomic<u32>'],
  params: ['u32 n', 'u32 limit', 'u32 place'],
  code: each('n', 'if (u32(lengths[i]) >= p.limit) { atomicMin(&status[p.place], i); }'),
};

function lookAt(gpu: Launcher, kernel: string, lengths: Buffer | null, { n, keys }: AttentionShape): void {
  if (lengths === null || n === 0) return;
  const { status, place } = gpu.indexed(kernel, keys + 1);
  gpu.launch(LENGTHS, [lengths, status], [n, keys + 1, place], ...threads(n));
}

export function attentionForward(
  gpu: Launcher,
  q: Buffer,
  k: Buffer,
  v: Buffer,
  lengths: Buffer | null,
  y: Buffer,
  statistics: Buffer,
  shape: AttentionShape,
  key: readonly [number, number],
): void {
  lookAt(gpu, 'attentionForward', lengths, shape);
  launchWalk(gpu, 'FORWARD', [q, k, v], lengths, [y, statistics], shape, key);
}

/** dy . y of every row [n, queries, heads]. */
const MEANS: Folding = {
  name: 'attentionBackward means',
  type: 'f32',
  reads: ['read y', 'read dy'],
  writes: ['write means'],
  start: '0.0',
  fold: 'sum += y[at] * dy[at];',
  merge: 'a + b',
  finish: 'means[column] = sum;',
};

export function attentionBackward(
  gpu: Launcher,
  q: Buffer,
  k: Buffer,
  v: Buffer,
  lengths: Buffer | null,
  y: Buffer,
  statistics: Buffer,
  dy: Buffer,
  dq: Buffer,
  dk: Buffer,
  dv: Buffer,
  shape: AttentionShape,
  key: readonly [number, number],
): void {
  const { n, heads, queries, width } = shape;
  lookAt(gpu, 'attentionBackward', lengths, shape);
  gpu.scratch(n * queries * heads, (means) => {
    launchFolding(gpu, MEANS, [y, dy], [means], { outer: n * queries * heads, axis: width, inner: 1 });
    launchWalk(gpu, 'QUERY_GRADIENT', [q, dy, k, v], lengths, [statistics, means, dq], shape, key);
    launchWalk(gpu, 'KEY_GRADIENT', [k, v, q, dy], lengths, [statistics, means, dk], shape, key);
  });
  launchWalk(gpu, 'VALUE_GRADIENT', [k, q, dy], lengths, [statistics, dv], shape, key);
}
