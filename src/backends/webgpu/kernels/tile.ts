/**
 * Everything that has the form of a matrix product: out[m, n] = sum over k of left[m, k] (x) right[k, n], where (x)
 * multiplies, or measures a distance as adders do. A workgroup computes a tile of the result; it brings strips of both
 * operands into its own memory, transposed so that threads read them as vectors, and every thread keeps a block of sums
 * in registers. While one strip is computed with, the next is on its way.
 *
 *            right  k x n
 *           ┌───┬───┐
 *   left    │   │ ▒ │     strip of `depth` k's
 *   ┌───┐   ├───┼───┤
 *   │ ▒ │   │   │ █ │     tile of `rows` x `columns`, a block of it in each thread
 *   └───┘   └───┴───┘
 *
 * What an operand's element is, a kernel says in WGSL: a matrix, or an image under a moving window that is never written
 * out (implicit GEMM). It splits an element's address into the place of its row or column, found once, and that of k.
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import type { Program } from '../program.ts';
import { ceilDivide, fold } from './grid.ts';

/** What is summed over k; a and b are elements of left and right, o the element `own` of the result's place. */
export type Operation = 'product' | 'distance' | 'clipped' | 'difference';

const STEP: Readonly<Record<Operation, (sum: string, a: string, b: string, own: string) => string>> = {
  product: (sum, a, b) => `${sum} += ${a} * ${b};`,
  distance: (sum, a, b) => `${sum} -= abs(${a} - ${b});`,
  /** clamp(b - o, -1, 1) * a; a NaN stays one. */
  clipped: (sum, a, b, own) => `${sum} += clamp(${b} - ${own}, vec4f(-1.0), vec4f(1.0)) * ${a};`,
  difference: (sum, a, b, own) => `${sum} += (${a} - ${own}) * ${b};`,
};

export interface Tiling {
  readonly name: string;
  /** The last one is called result: what is stored to. */
  readonly buffers: readonly string[];
  /** Numbers beside those of the tiling. */
  readonly params: readonly string[];
  readonly operation: Operation;
  /** Along which of its indices an operand's neighbours in memory lie: neighbouring threads fetch those. */
  readonly leftAlong: 'row' | 'depth';
  readonly rightAlong: 'column' | 'depth';
  /**
   * WGSL: types Row, Column, Depth; begin(batch), and depthOf(batch), which must not read what begin noted; rowAt(m), columnAt(n), depthAt(k); left(Row,
   * Depth), right(Depth, Column); store(Row, Column, sum), where m and n are also told; own(Row, Column) where the
   * operation has one.
   */
  readonly code: string;
}

export interface TilingShape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** The block of a thread. */
  readonly high: 4 | 8;
  readonly wide: 4 | 8;
  /** What a multiplication costs in it, relative to the largest: smaller ones fetch more for the same work. */
  readonly cost: number;
}

const TILES: readonly Tile[] = [
  { rows: 128, columns: 128, depth: 8, high: 8, wide: 8, cost: 1 },
  { rows: 64, columns: 64, depth: 16, high: 8, wide: 4, cost: 1.2 },
  { rows: 64, columns: 32, depth: 16, high: 8, wide: 4, cost: 1.4 },
  { rows: 128, columns: 16, depth: 16, high: 8, wide: 4, cost: 1.5 },
  { rows: 16, columns: 64, depth: 16, high: 4, wide: 4, cost: 1.8 },
];

/** Workgroups that fill a GPU; with fewer, a smaller tile or a cut through k is worth its cost. */
const ENOUGH = 256;
/** The most of a grid's third dimension. */
const LAYERS = 65535;
/** The least of k that a cut leaves. */
const SHORTEST = 256;

const tilesOf = (tile: Tile, { batch, rows, columns }: TilingShape): number =>
  batch * ceilDivide(rows, tile.rows) * ceilDivide(columns, tile.columns);

function chooseTile(shape: TilingShape): Tile {
  const time = (tile: Tile): number => {
    const tiles = tilesOf(tile, shape);
    return Math.max(tiles, ENOUGH / 4) * tile.rows * tile.columns * tile.cost;
  };
  return TILES.reduce((best, tile) => (time(tile) < time(best) ? tile : best));
}

/** In how many pieces k is summed: enough workgroups, and not too little work for each. */
function splitsOf(tile: Tile, shape: TilingShape): number {
  const wanted = Math.floor(ENOUGH / tilesOf(tile, shape));
  return Math.max(1, Math.min(wanted, Math.floor(shape.depth / SHORTEST)));
}

const PARAMS = [
  'u32 rows',
  'u32 columns',
  'u32 depth',
  'u32 columnTiles',
  'u32 splits',
  'u32 first',
  'u32 batches',
];

const made = new Map<string, Program>();

function tilingProgram(tiling: Tiling, tile: Tile, split: boolean): Program {
  const name = `${tiling.name} ${tile.rows}x${tile.columns}${split ? ' split' : ''}`;
  let program = made.get(name);
  if (program === undefined) {
    program = {
      name,
      buffers: tiling.buffers,
      params: [...PARAMS, ...tiling.params],
      code: text(tiling, tile, split),
    };
    made.set(name, program);
  }
  return program;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const PART = ['x', 'y', 'z', 'w'];

function text(tiling: Tiling, tile: Tile, split: boolean): string {
  const { rows, columns, depth, high, wide } = tile;
  const [across, down] = [columns / wide, rows / high];
  const threads = across * down;
  const [rowVectors, columnVectors] = [rows / 4, columns / 4];
  // A vector more in each line: threads that write along k then meet different banks.
  const leftLine = rowVectors + (tiling.leftAlong === 'depth' ? 1 : 0);
  const rightLine = columnVectors + (tiling.rightAlong === 'depth' ? 1 : 0);
  const hasOwn = tiling.operation === 'clipped' || tiling.operation === 'difference';
  const [blockRows, blockColumns] = [range(high), range(wide / 4)];

  /** The vectors of a strip that a thread fetches, and where they lie. */
  const fetches = (side: 'left' | 'right') => {
    const vectors = side === 'left' ? rowVectors : columnVectors;
    const along = side === 'left' ? tiling.leftAlong : tiling.rightAlong;
    const line = side === 'left' ? leftLine : rightLine;
    return range(ceilDivide(vectors * depth, threads)).map((i) => {
      const unit = `(local + ${i * threads}u)`;
      const [vector, k] =
        along === 'depth'
          ? [`${unit} / ${depth}u`, `${unit} % ${depth}u`]
          : [`${unit} % ${vectors}u`, `${unit} / ${vectors}u`];
      return {
        value: `${side}${i}`,
        vector: `${side}Vector${i}`,
        k: `${side}K${i}`,
        declare: `let ${side}Vector${i} = ${vector}; let ${side}K${i} = ${k};`,
        line,
        guard:
          (vectors * depth) % threads === 0
            ? ''
            : `if (${side}K${i} < ${depth}u && ${side}Vector${i} < ${vectors}u) `,
      };
    });
  };
  const [lefts, rights] = [fetches('left'), fetches('right')];
  const leftPlaces = lefts.flatMap(({ vector, value }) =>
    range(4).map((j) => `let ${value}Row${j} = rowAt(min(firstRow + 4u * ${vector} + ${j}u, p.rows - 1u));`),
  );
  const rightPlaces = rights.flatMap(({ vector, value }) =>
    range(4).map(
      (j) => `let ${value}Column${j} = columnAt(min(firstColumn + 4u * ${vector} + ${j}u, p.columns - 1u));`,
    ),
  );
  const fetch = (at: string): string =>
    [
      ...lefts.map(
        ({ value, k }) => `
    ${value} = vec4f();
    if (${at} + ${k} < end) {
      let place = depthAt(${at} + ${k});
      ${value} = vec4f(${range(4).map((j) => `left(${value}Row${j}, place)`)});
    }`,
      ),
      ...rights.map(
        ({ value, k }) => `
    ${value} = vec4f();
    if (${at} + ${k} < end) {
      let place = depthAt(${at} + ${k});
      ${value} = vec4f(${range(4).map((j) => `right(place, ${value}Column${j})`)});
    }`,
      ),
    ].join('');
  const keep = [
    ...lefts.map(
      ({ guard, k, vector, value, line }) => `${guard}{ lefts[${k} * ${line}u + ${vector}] = ${value}; }`,
    ),
    ...rights.map(
      ({ guard, k, vector, value, line }) => `${guard}{ rights[${k} * ${line}u + ${vector}] = ${value}; }`,
    ),
  ].join('\n    ');

  const rowOf = (i: number): string => `firstRow + 4u * y + ${i < 4 ? i : down * 4 + i - 4}u`;
  const columnOf = (q: number, j: number): string => `firstColumn + 4u * x + ${q * across * 4 + j}u`;
  const owns = blockRows.flatMap((i) =>
    blockColumns.map((q) => {
      const values = range(4).map(
        (j) => `own(rowAt(min(${rowOf(i)}, p.rows - 1u)), columnAt(min(${columnOf(q, j)}, p.columns - 1u)))`,
      );
      return `let own${i}_${q} = vec4f(${values});`;
    }),
  );
  const step = STEP[tiling.operation];
  const steps = blockRows.flatMap((i) =>
    blockColumns.map((q) =>
      step(`sum${i}_${q}`, `vec4f(a${i >> 2}.${PART[i & 3]})`, `b${q}`, `own${i}_${q}`),
    ),
  );
  const put = split
    ? 'result[((z % p.splits * p.batches + z / p.splits) * p.rows + m) * p.columns + n] = sum;'
    : 'store(rowAt(m), columnAt(n), m, n, sum);';
  const stores = blockRows.flatMap((i) =>
    blockColumns.flatMap((q) =>
      range(4).map((j) => `put(${rowOf(i)}, ${columnOf(q, j)}, sum${i}_${q}.${PART[j]}, z);`),
    ),
  );
  return `
${tiling.code}
var<workgroup> lefts: array<vec4f, ${depth * leftLine}>;
var<workgroup> rights: array<vec4f, ${depth * rightLine}>;
fn put(m: u32, n: u32, sum: f32, z: u32) {
  if (m < p.rows && n < p.columns) { ${put} }
}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = group.y * groups.x + group.x;
  let firstRow = index / p.columnTiles * ${rows}u;
  let firstColumn = index % p.columnTiles * ${columns}u;
  let z = p.first + group.z;
  begin(z / p.splits);
  let all = depthOf(z / p.splits);
  let piece = (all + p.splits * ${depth}u - 1u) / (p.splits * ${depth}u) * ${depth}u;
  let start = z % p.splits * piece;
  let end = min(all, start + piece);
  let x = local % ${across}u;
  let y = local / ${across}u;
  ${[...lefts, ...rights].map(({ declare }) => declare).join('\n  ')}
  ${[...leftPlaces, ...rightPlaces].join('\n  ')}
  ${[...lefts, ...rights].map(({ value }) => `var ${value} = vec4f();`).join('\n  ')}
  ${blockRows.flatMap((i) => blockColumns.map((q) => `var sum${i}_${q} = vec4f();`)).join('\n  ')}
  ${hasOwn ? owns.join('\n  ') : ''}
  ${fetch('start')}
  for (var k = start; k < end; k += ${depth}u) {
    workgroupBarrier();
    ${keep}
    workgroupBarrier();
    let next = k + ${depth}u;
    ${fetch('next')}
    for (var i = 0u; i < ${depth}u; i++) {
      ${range(high / 4)
        .map((h) => `let a${h} = lefts[i * ${leftLine}u + y + ${h * down}u];`)
        .join('\n      ')}
      ${blockColumns.map((q) => `let b${q} = rights[i * ${rightLine}u + x + ${q * across}u];`).join('\n      ')}
      ${steps.join('\n      ')}
    }
  }
  ${stores.join('\n  ')}
}`;
}

/**
 * Launches a tiling. Where k is cut in pieces, `merge` is given the sums of the pieces
 * [splits, batch, rows, columns] and brings them into the result; without it k is never cut.
 */
export function launchTiling(
  gpu: Launcher,
  tiling: Tiling,
  buffers: readonly Buffer[],
  shape: TilingShape,
  params: readonly number[],
  merge?: (parts: Buffer, splits: number) => void,
): void {
  const { batch, rows, columns, depth } = shape;
  if (batch * rows * columns === 0) return;
  const tile = chooseTile(shape);
  const splits = merge === undefined ? 1 : splitsOf(tile, shape);
  const columnTiles = ceilDivide(columns, tile.columns);
  const [x, y] = fold(ceilDivide(rows, tile.rows) * columnTiles);
  const launch = (to: readonly Buffer[]): void => {
    for (let first = 0; first < batch * splits; first += LAYERS) {
      const numbers = [rows, columns, depth, columnTiles, splits, first, batch, ...params];
      const layers = Math.min(LAYERS, batch * splits - first);
      gpu.launch(tilingProgram(tiling, tile, splits > 1), to, numbers, x, y, layers);
    }
  };
  if (merge === undefined || splits === 1) {
    launch(buffers);
    return;
  }
  gpu.scratch(splits * batch * rows * columns, (parts) => {
    launch([...buffers.slice(0, -1), parts]);
    merge(parts, splits);
  });
}
