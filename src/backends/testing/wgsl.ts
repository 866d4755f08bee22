/**
 * Runs a program for a matrix unit (webgpu/kernels/unit-code.ts) without a GPU: its own text, brought into JavaScript line by
 * line. The threads of a workgroup take turns from barrier to barrier; the first lane of a subgroup keeps the whole of a matrix
 * that the subgroup holds. Numbers are not rounded to halves, so operands are to be small integers; memory
 * that nothing was written to is NaN. It knows what those programs with the matrix product's code use of WGSL, and no more.
 */
import type { Program } from '../webgpu/program.ts';

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

const zeros = (columns: number, rows: number): Matrix => ({
  ...{ rows, columns },
  values: new Float32Array(rows * columns),
});

function load(
  memory: Float32Array,
  offset: number,
  stride: number,
  columns: number,
  rows: number,
  byColumns: boolean,
): Matrix {
  const matrix = zeros(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = offset + (byColumns ? column * stride + row : row * stride + column);
      matrix.values[row * columns + column] = memory[at];
    }
  }
  return matrix;
}

function multiplied(a: Matrix, b: Matrix, sum: Matrix): Matrix {
  const { rows, columns } = sum;
  if (a.columns !== b.rows || a.rows !== rows || b.columns !== columns)
    throw new Error('shapes of matrices do not fit');
  const values = sum.values.slice();
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < a.columns; k++) {
      const left = a.values[row * a.columns + k];
      for (let column = 0; column < columns; column++)
        values[row * columns + column] += left * b.values[k * columns + column];
    }
  }
  return { rows, columns, values };
}

function save(memory: Float32Array, offset: number, matrix: Matrix, stride: number): void {
  const { rows, columns, values } = matrix;
  for (let row = 0; row < rows; row++)
    memory.set(values.subarray(row * columns, (row + 1) * columns), offset + row * stride);
}

const LIBRARY = {
  ...{ load, multiplied, save, zeros },
  vec: (...elements: number[]) => (elements.length === 0 ? [0, 0, 0, 0] : elements),
  min: Math.min,
};

const OPERAND = '(\\([^()]*\\)|[\\w.]+)';

/** Of the text, in this order. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/\/\/.*/g, ''],
  [/^alias .*$/gm, ''],
  [/var<private> (\w+): \w+;/g, 'let $1;'],
  [/var<workgroup> (\w+): array<\w+, (\d+)>;/g, 'const $1 = new Float32Array($2).fill(NaN);'],
  [
    /@compute @workgroup_size\(\d+\)\s*fn main\([^{]*\) \{/g,
    'return function* (group, groups, local, subgroup, first) {',
  ],
  [/fn (\w+)\(([^{]*)\)(?: -> \w+)? \{/g, 'function $1($2) {'],
  [/(\w+): (?:u32|f32|Row|Column|Depth)(?=[,)])/g, '$1'],
  [/\blet (\w+) = /g, 'const $1 = '],
  [/\bvar (\w+) = /g, 'let $1 = '],
  [/\b(\d+)u\b/g, '$1'],
  [/vec4f\(/g, 'vec('],
  [/(?:bitcast<vec4h>|whole)\(halves\((\w+)\)\)/g, '$1'],
  [/subgroup_matrix_result<f32, (\d+), (\d+)>\(\)/g, 'zeros($1, $2)'],
  [
    /subgroupMatrixLoad<subgroup_matrix_(?:left|right)<f\d+, (\d+), (\d+)>, (col|row)_major>\(&(.*)\);/g,
    "first && load($4, $1, $2, '$3' === 'col');",
  ],
  [/subgroupMatrixMultiplyAccumulate\(/g, 'first && multiplied('],
  [/subgroupMatrixStore<row_major>\(&/g, 'first && save('],
  [/workgroupBarrier\(\);/g, 'yield;'],
  [new RegExp(`${OPERAND} / ${OPERAND}`, 'g'), 'Math.trunc($1 / $2)'],
];

/** `size`: lanes of a subgroup, as they turn out. */
export function runUnitProgram(
  program: Program,
  buffers: readonly Float32Array[],
  params: readonly number[],
  [x, y, z]: readonly [number, number, number],
  size: number,
): void {
  const threads = Number(/@workgroup_size\((\d+)\)/.exec(program.code)?.[1]);
  const text = REWRITES.reduce((code, [from, to]) => code.replaceAll(from, to), program.code);
  const names = program.buffers.map((declared) => declared.split(' ')[1]);
  const numbers = program.params.map((declared, i) => [declared.split(' ')[1], params[i]] as const);
  const make = new Function('p', ...Object.keys(LIBRARY), ...names, text) as (...given: unknown[]) => Thread;
  for (const group of places(x, y, z)) {
    const main = make(Object.fromEntries(numbers), ...Object.values(LIBRARY), ...buffers);
    const all = Array.from({ length: threads }, (_, local) =>
      main(group, { x, y, z }, local, Math.floor(local / size), local % size === 0),
    );
    let going = all.length;
    while (going > 0) {
      going = all.filter((thread) => thread.next().done !== true).length;
      if (going !== 0 && going !== all.length) throw new Error('not all threads came to a barrier');
    }
  }
}

type Thread = (
  group: Place,
  groups: Place,
  local: number,
  subgroup: number,
  first: boolean,
) => Generator<undefined>;
interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

function* places(x: number, y: number, z: number): Generator<Place> {
  for (let i = 0; i < x * y * z; i++)
    yield { x: i % x, y: Math.floor(i / x) % y, z: Math.floor(i / (x * y)) };
}
