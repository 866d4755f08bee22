/** Cases of the element-wise, moving, drawing and stepping kernels. */
import { UNARY } from '../abi.ts';
import type { AdamShape, BinaryOp, Broadcast, ReduceOp, UnaryOp } from '../backend.ts';
import { type ConformanceCase, conformanceCase } from './case.ts';

const LENGTHS = [0, 1, 7, 16, 33, 1000, 40_000] as const;

interface Domain {
  readonly low: number;
  readonly high: number;
  readonly p?: number;
  readonly q?: number;
  /** Values a formula is likely to get wrong: borders, halves, zero. */
  readonly edges?: readonly number[];
  /** The value must be the same bits. */
  readonly exact?: boolean;
}

const { NaN: nan, POSITIVE_INFINITY: infinity, NEGATIVE_INFINITY: minusInfinity } = Number;
const HALVES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0, 0.49999997, -0.49999997, 7, nan] as const;

/** The float32 neighbours of sqrt(1/2), where the exponent of a power of two changes. */
const AROUND_ROOT = [Math.fround(Math.SQRT1_2), Math.fround(Math.SQRT1_2) + 2 ** -24] as const;

const DOMAINS: Readonly<Record<UnaryOp, Domain>> = {
  copy: { low: -3, high: 3, exact: true, edges: [nan, infinity] },
  negate: { low: -3, high: 3, exact: true, edges: [nan, infinity] },
  relu: { low: -3, high: 3, exact: true, edges: [0, nan, infinity, minusInfinity] },
  silu: { low: -12, high: 12, edges: [-80, 80, nan] },
  gelu: { low: -6, high: 6, edges: [-40, 40, nan] },
  sigmoid: { low: -20, high: 20, edges: [-100, 100, nan, infinity, minusInfinity] },
  tanh: { low: -10, high: 10, edges: [-100, 100, 0, nan, infinity, minusInfinity] },
  exp: { low: -20, high: 20, edges: [-200, 200, 0, nan, infinity, minusInfinity] },
  log: { low: 1e-6, high: 50, edges: [1, 1e-30, 0, nan, infinity] },
  sqrt: { low: 0, high: 50, edges: [0, 1, nan, infinity] },
  square: { low: -9, high: 9, edges: [nan, infinity] },
  abs: { low: -3, high: 3, exact: true, edges: [0, nan, minusInfinity] },
  reciprocal: { low: 0.1, high: 9, edges: [-2, infinity, nan] },
  affine: { low: -3, high: 3, p: -1.5, q: 0.25, edges: [nan, infinity] },
  clamp: { low: -3, high: 3, p: -1, q: 0.5, exact: true, edges: [-1, 0.5, infinity, minusInfinity] },
  round: { low: -9, high: 9, exact: true, edges: HALVES },
  floor: { low: -9, high: 9, exact: true, edges: [...HALVES, -3, minusInfinity] },
  ternary: { low: -1, high: 1, p: 0.3, exact: true, edges: [0, Math.fround(0.3), -Math.fround(0.3)] },
  exp2: { low: -20, high: 20, edges: [-14, 0, 3, nan] },
  powerOfTwo: {
    low: -1.5,
    high: 1.5,
    p: -15,
    q: 0,
    exact: true,
    edges: [0, 1e-9, -1e-9, ...AROUND_ROOT, 5, 2 ** -15, infinity],
  },
  fixedPoint: {
    low: -9,
    high: 9,
    p: 4,
    q: 3,
    exact: true,
    edges: [-4, 3.9375, 3.95, 100, -100, 0.03, -0.03],
  },
};

function unaryCases(op: UnaryOp, length: number): ConformanceCase[] {
  const { low, high, p = 0, q = 0, edges = [], exact = false } = DOMAINS[op];
  const tolerance = exact ? 0 : 2e-6;
  return [
    conformanceCase('unary', `${op} of ${length}`, tolerance, 'element', (stage) => {
      const [x, y] = [stage.uniform(length, low, high), stage.output(length)];
      stage.backend.write(x, edges.slice(0, length));
      stage.backend.unary(op, x, y, length, p, q);
      return [y];
    }),
    // y is drawn, not computed: the two backends must not differ by their values of f.
    conformanceCase('unaryGradient', `${op} of ${length}`, 5e-6, 'element', (stage) => {
      const [x, y] = [stage.uniform(length, low, high), stage.uniform(length, 0.1, 2)];
      const [dy, dx] = [stage.normal(length), stage.output(length)];
      stage.backend.write(x, edges.filter(Number.isFinite).slice(0, length));
      stage.backend.unaryGradient(op, x, y, dy, dx, length, p, q);
      return [dx];
    }),
  ];
}

const BINARY_OPS: readonly BinaryOp[] = ['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'];
const BROADCASTS: readonly Broadcast[] = ['same', 'row', 'column', 'scalar'];

const binaries = BINARY_OPS.flatMap((op) =>
  BROADCASTS.flatMap((broadcast) =>
    [
      [1, 1],
      [3, 7],
      [5, 64],
      [7, 33],
      [130, 300],
      [0, 5],
    ].map(([outer, inner]) =>
      conformanceCase('binary', `${op} ${broadcast} [${outer}, ${inner}]`, 1e-6, 'element', (stage) => {
        const length = { same: outer * inner, row: inner, column: outer, scalar: 1 }[broadcast];
        const y = stage.output(outer * inner);
        const [a, b] = [stage.normal(outer * inner), stage.uniform(length, 0.5, 2)];
        stage.backend.binary(op, a, b, y, outer, inner, broadcast);
        return [y];
      }),
    ),
  ),
);

const REDUCTIONS: readonly ReduceOp[] = ['sum', 'sumSquares', 'max', 'nonFinite'];

const reductions = REDUCTIONS.flatMap((op) =>
  [
    [1, 1, 1],
    [1, 1000, 1],
    [5, 7, 3],
    [3, 33, 16],
    [1, 300, 65],
    [2, 0, 4],
    [0, 3, 2],
    [40, 65, 1],
    [1, 100_000, 1],
  ].map(([outer, axis, inner]) =>
    conformanceCase('reduce', `${op} [${outer}, ${axis}, ${inner}]`, 5e-6, 'array', (stage) => {
      const size = outer * axis * inner;
      const [x, y] = [stage.normal(size), stage.output(outer * inner)];
      if (op === 'nonFinite') {
        const found = [nan, infinity, minusInfinity, 1, nan];
        stage.backend.write(x, found.slice(0, size), Math.max(0, size - found.length));
      }
      stage.backend.reduce(op, x, y, outer, axis, inner);
      return [y];
    }),
  ),
);

const sumsOfNonFinite = (['sum', 'sumSquares'] as const).map((op) =>
  conformanceCase('reduce', `${op} of NaN and infinity`, 1e-6, 'array', (stage) => {
    const y = stage.output(3);
    const x = stage.values([1, nan, infinity, 2, 3, 4, 5, 6, 7]);
    stage.backend.reduce(op, x, y, 1, 3, 3);
    return [y];
  }),
);

/** Shape and axes. */
const PERMUTATIONS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[7], [0]],
  [
    [5, 9],
    [1, 0],
  ],
  [
    [33, 64],
    [1, 0],
  ],
  [
    [3, 4, 5],
    [2, 0, 1],
  ],
  [
    [2, 7, 4, 8],
    [0, 2, 1, 3],
  ],
  [
    [2, 6, 5, 3],
    [0, 3, 1, 2],
  ],
  [
    [2, 3, 4, 5, 6],
    [4, 2, 0, 3, 1],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [5, 0, 4, 1, 3, 2],
  ],
  [
    [2, 0, 3],
    [2, 1, 0],
  ],
  [
    [8, 49, 3, 4, 16],
    [2, 0, 3, 1, 4],
  ],
];

const permutations = PERMUTATIONS.map(([shape, axes]) =>
  conformanceCase('permute', `[${shape}] by [${axes}]`, 0, 'array', (stage) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const [x, y] = [stage.normal(size), stage.output(size)];
    stage.backend.permute(x, y, shape, axes);
    return [y];
  }),
);

const copies = [false, true].flatMap((accumulate) =>
  [
    [0, 5],
    [1, 1],
    [4, 7],
    [9, 33],
    [200, 64],
  ].map(([rows, columns]) =>
    conformanceCase(
      'copyBlocks',
      `[${rows}, ${columns}]${accumulate ? ' accumulated' : ''}`,
      1e-7,
      'array',
      (stage) => {
        const x = stage.normal(3 + rows * (columns + 2));
        const y = stage.normal(5 + rows * (columns + 9));
        const from = { offset: 3, stride: columns + 2 };
        const to = { offset: 5, stride: columns + 9 };
        stage.backend.copyBlocks(x, y, rows, columns, from, to, accumulate);
        return [y];
      },
    ),
  ),
);

const tables = [
  [1, 1, 1],
  [9, 5, 7],
  [300, 40, 33],
  [6, 10, 64],
].flatMap(([rows, entries, columns]) => [
  conformanceCase('gatherRows', `${rows} of [${entries}, ${columns}]`, 0, 'array', (stage) => {
    const [table, y] = [stage.normal(entries * columns), stage.output(rows * columns)];
    stage.backend.gatherRows(table, stage.integers(rows, entries), y, rows, columns);
    return [y];
  }),
  // Added in the order of i, so even the rounding is the same.
  conformanceCase('scatterAddRows', `${rows} into [${entries}, ${columns}]`, 0, 'array', (stage) => {
    const [x, table] = [stage.normal(rows * columns), stage.normal(entries * columns)];
    stage.backend.scatterAddRows(x, stage.integers(rows, entries), table, rows, columns);
    return [table];
  }),
]);

const pieces = [1, 2, 30, 100].flatMap((count) =>
  [1, 33, 5000].flatMap((length) =>
    [false, true].flatMap((closed) => {
      const detail = `${count} pieces over ${length}, ${closed ? 'closed' : 'open'}`;
      return [
        conformanceCase('piecewiseForward', detail, 1e-6, 'element', (stage) => {
          const [x, slopes, y] = [stage.normal(length), stage.normal(count), stage.output(length)];
          stage.backend.piecewiseForward(x, slopes, y, length, count, closed);
          return [y];
        }),
        conformanceCase('piecewiseBackward', detail, 5e-6, 'array', (stage) => {
          const [x, slopes, dy] = [stage.normal(length), stage.normal(count), stage.normal(length)];
          const [dx, dslopes] = [stage.output(length), stage.output(count)];
          stage.backend.piecewiseBackward(x, slopes, dy, dx, dslopes, length, count, closed);
          return [dx, dslopes];
        }),
      ];
    }),
  ),
);

const draws = [1, 7, 1000, 70_001].flatMap((length) =>
  [
    [0, 0],
    [0xffffffff, 0x80000001],
  ]
    .map((key) => key as [number, number])
    .flatMap((key) => [
      conformanceCase('random', `uniform ${length} of key ${key}`, 0, 'element', (stage) => {
        const y = stage.output(length);
        stage.backend.random('uniform', y, key);
        return [y];
      }),
      conformanceCase('random', `normal ${length} of key ${key}`, 5e-6, 'element', (stage) => {
        const y = stage.output(length);
        stage.backend.random('normal', y, key);
        return [y];
      }),
    ]),
);

const ADAM: Omit<AdamShape, 'normalised'> = {
  rate: 0.01,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  decay: 0.05,
  step1: 7,
  step2: 3,
};

const steps = [1, 33, 5000].flatMap((length) => [
  ...[false, true].map((nesterov) =>
    conformanceCase('sgdStep', `${length}${nesterov ? ' nesterov' : ''}`, 3e-6, 'element', (stage) => {
      const [w, g, velocity] = [stage.normal(length), stage.normal(length), stage.normal(length)];
      stage.backend.sgdStep(w, g, velocity, length, { rate: 0.1, momentum: 0.9, nesterov, decay: 1e-3 });
      return [w, velocity];
    }),
  ),
  ...[false, true].map((normalised) =>
    conformanceCase('adamStep', `${length}${normalised ? ' normalised' : ''}`, 2e-6, 'element', (stage) => {
      const [w, g, first] = [stage.normal(length), stage.normal(length), stage.normal(length)];
      const second = stage.uniform(length, 0.01, 1);
      stage.backend.adamStep(w, g, first, second, length, { ...ADAM, normalised });
      return [w, first, second];
    }),
  ),
]);

const plain = LENGTHS.flatMap((length) => [
  conformanceCase('axpy', `${length}`, 1e-6, 'element', (stage) => {
    const [x, y] = [stage.normal(length), stage.normal(length)];
    stage.backend.axpy(x, y, length, -0.3);
    return [y];
  }),
  conformanceCase('fill', `${length}`, 0, 'element', (stage) => {
    const y = stage.output(length);
    stage.backend.fill(y, 0.1);
    return [y];
  }),
]);

export const lightCases: readonly ConformanceCase[] = [
  ...(Object.keys(UNARY) as UnaryOp[]).flatMap((op) => LENGTHS.flatMap((n) => unaryCases(op, n))),
  ...binaries,
  ...plain,
  ...reductions,
  ...sumsOfNonFinite,
  ...permutations,
  ...copies,
  ...tables,
  ...pieces,
  ...draws,
  ...steps,
];
