/** Cases of the kernels over sentences: attention, filters, the loss over a vocabulary, the best of it, dropout. */
import type { AttentionShape, FilterKind, FilterShape } from '../backend.ts';
import { type ConformanceCase, conformanceCase, type Stage } from './case.ts';

const KEY = [0x12345678, 0x9abcdef0] as const;

/** n, heads, queries, keys, width, keyRows */
const ATTENTIONS: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 1],
  [2, 1, 3, 5, 7, 5],
  [2, 4, 9, 9, 32, 9],
  [3, 2, 17, 17, 64, 17],
  [1, 3, 33, 20, 16, 21],
  [2, 2, 5, 40, 33, 64],
  [4, 3, 1, 29, 48, 50], // a step of decoding
  [2, 2, 70, 70, 24, 70],
  [1, 1, 40, 41, 100, 41],
  [1, 2, 130, 131, 16, 131],
  [1, 8, 40, 37, 64, 37],
  [0, 2, 3, 4, 5, 4],
  [2, 2, 3, 0, 8, 2],
];

/** Every mixture of a decoder's mask, sentences of unequal length, and dropped weights. */
function attentionShapes([n, heads, queries, keys, width, keyRows]: readonly number[]) {
  return [false, true].flatMap((causal) =>
    [false, true].flatMap((padded) =>
      [0, 0.3].map((drop) => {
        const scale = 1 / Math.sqrt(width);
        return { padded, shape: { n, heads, queries, keys, width, keyRows, causal, scale, drop } };
      }),
    ),
  );
}

function named(shape: AttentionShape, padded: boolean): string {
  const { n, heads, queries, keys, width, keyRows, causal, drop } = shape;
  return (
    `${n} of ${heads} heads of ${width}, ${queries} queries, ${keys} keys in ${keyRows} rows` +
    `${causal ? ', causal' : ''}${padded ? ', padded' : ''}${drop > 0 ? ', dropped' : ''}`
  );
}

/**
 * q, k, v, and lengths: all keys, then fewer, and none of every third sentence. Rows of the cache that hold no key are
 * NaN, for nobody may look at them.
 */
function operands(stage: Stage, shape: AttentionShape, padded: boolean) {
  const { n, heads, queries, keys, width, keyRows } = shape;
  const columns = heads * width;
  const length = (i: number): number => (i % 3 === 2 ? 0 : keys - ((i * 3) % Math.max(1, keys)));
  const lengths = padded
    ? stage.values(
        Int32Array.from({ length: n }, (_, i) => length(i)),
        'int32',
      )
    : null;
  const answering = () => {
    const buffer = stage.normal(n * keyRows * columns);
    const unused = new Float32Array((keyRows - keys) * columns).fill(Number.NaN);
    for (let s = 0; s < n; s++) stage.backend.write(buffer, unused, (s * keyRows + keys) * columns);
    return buffer;
  };
  return { q: stage.normal(n * queries * columns), k: answering(), v: answering(), lengths };
}

/** The gradient of a score is 0 where one key is all there is to see, and its rounding would be all there is to compare. */
const attentions = ATTENTIONS.flatMap((sizes) =>
  attentionShapes(sizes).flatMap(({ shape, padded }) => {
    const { n, heads, queries, width, keyRows } = shape;
    const [asking, answering] = [n * queries * heads * width, n * keyRows * heads * width];
    const cases = [
      conformanceCase('attentionForward', named(shape, padded), 1e-5, 'array', (stage) => {
        const { q, k, v, lengths } = operands(stage, shape, padded);
        const [y, statistics] = [stage.output(asking), stage.output(n * heads * queries)];
        stage.backend.attentionForward(q, k, v, lengths, y, statistics, shape, KEY);
        return [y, statistics];
      }),
      conformanceCase('attentionBackward', named(shape, padded), 2e-5, 'array', (stage) => {
        const { q, k, v, lengths } = operands(stage, shape, padded);
        const [y, statistics] = [stage.output(asking), stage.output(n * heads * queries)];
        stage.backend.attentionForward(q, k, v, lengths, y, statistics, shape, KEY);
        const [dy, dq] = [stage.normal(asking), stage.output(asking)];
        const [dk, dv] = [stage.output(answering), stage.output(answering)];
        stage.backend.attentionBackward(q, k, v, lengths, y, statistics, dy, dq, dk, dv, shape, KEY);
        return [dq, dk, dv];
      }),
    ];
    return shape.keys === 1 ? cases.slice(0, 1) : cases;
  }),
);

/** Scores so far apart that exponentials of them would overflow. */
const largeScores = conformanceCase('attentionForward', 'large scores', 1e-5, 'array', (stage) => {
  const shape = {
    n: 1,
    heads: 1,
    queries: 2,
    keys: 3,
    width: 2,
    keyRows: 3,
    causal: false,
    scale: 1,
    drop: 0,
  };
  const [y, statistics] = [stage.output(4), stage.output(2)];
  const q = stage.values([300, 0, 0, -200]);
  const k = stage.values([1, 1, -1, -1, 1, 0.5]);
  stage.backend.attentionForward(q, k, stage.normal(6), null, y, statistics, shape, KEY);
  return [y, statistics];
});

/** n, heads, queries, keys, width, keyRows: within a panel of queries, several panels, a cache, more queries than keys, few. */
const HIDING: readonly (readonly number[])[] = [
  [2, 2, 9, 9, 8, 9],
  [1, 2, 75, 75, 24, 75],
  [1, 3, 20, 33, 33, 40],
  [2, 1, 33, 20, 16, 21],
  [2, 2, 3, 11, 40, 11],
];

/**
 * What causality hides is left out, not multiplied by 0: infinity or NaN in one row of keys or values spares the queries
 * before it, and in one row of queries or their gradients the keys that it does not see.
 */
const hidden = HIDING.flatMap(([n, heads, queries, keys, width, keyRows]) =>
  (['q', 'k', 'v', 'dy'] as const).flatMap((where) =>
    [Number.POSITIVE_INFINITY, Number.NaN].map((value) => {
      const shape = {
        ...{ n, heads, queries, keys, width, keyRows, causal: true, drop: 0 },
        scale: 1 / Math.sqrt(width),
      };
      const detail = `${named(shape, true)}, ${value} in a row of ${where}`;
      return conformanceCase('attentionBackward', detail, 2e-5, 'array', (stage) => {
        const operand = operands(stage, shape, true);
        const { q, k, v, lengths } = operand;
        const [asking, answering] = [n * queries * heads * width, n * keyRows * heads * width];
        const given = { ...operand, dy: stage.normal(asking) };
        const ofKeys = where === 'k' || where === 'v';
        const row = ofKeys ? Math.floor((2 * keys) / 3) : Math.floor(queries / 3);
        const columns = heads * width;
        for (let s = 0; s < n; s++) {
          const at = (s * (ofKeys ? keyRows : queries) + row) * columns;
          stage.backend.write(given[where], new Float32Array(columns).fill(value), at);
        }
        const [y, statistics] = [stage.output(asking), stage.output(n * heads * queries)];
        stage.backend.attentionForward(q, k, v, lengths, y, statistics, shape, KEY);
        const [dq, dk, dv] = [stage.output(asking), stage.output(answering), stage.output(answering)];
        stage.backend.attentionBackward(q, k, v, lengths, y, statistics, given.dy, dq, dk, dv, shape, KEY);
        return [y, statistics, dq, dk, dv];
      });
    }),
  ),
);

/** n, t, e, c, k, heads, left */
const FILTERS: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 1, 0],
  [2, 9, 9, 8, 3, 2, 1],
  [2, 9, 9, 8, 3, 2, 2], // causal
  [1, 20, 20, 48, 7, 3, 3],
  [3, 11, 11, 33, 5, 11, 4],
  [2, 4, 4, 64, 31, 4, 15], // a window longer than the sentence
  [4, 31, 1, 96, 31, 4, 0], // a step of decoding over a cache of the window
  [2, 40, 1, 32, 7, 2, -20], // the same from the middle of a cache
  [2, 5, 9, 12, 4, 1, 3],
  [2, 30, 33, 128, 15, 4, 14],
  [1, 300, 300, 20, 9, 1, 4],
  [0, 3, 3, 4, 3, 2, 1],
  [1, 0, 4, 6, 3, 2, 1],
  [12, 40, 40, 256, 11, 4, 5],
];

function filterShape([n, t, e, c, k, heads, left]: readonly number[]): FilterShape {
  return { n, t, e, c, k, heads, left };
}

function filterCases(kind: FilterKind, shape: FilterShape): ConformanceCase[] {
  const { n, t, e, c, k, heads, left } = shape;
  const detail = `${kind} ${n} x [${t}, ${c}] to ${e} rows, window ${k} of ${heads} heads, left ${left}`;
  const [input, output, filter] = [n * t * c, n * e * c, heads * k];
  return [
    conformanceCase('filterForward', detail, 1e-5, 'array', (stage) => {
      const y = stage.output(output);
      stage.backend.filterForward(kind, stage.normal(input), stage.normal(filter), y, shape);
      return [y];
    }),
    conformanceCase('filterInputGradient', detail, 1e-5, 'array', (stage) => {
      const [x, w, dy] = [stage.normal(input), stage.normal(filter), stage.normal(output)];
      const dx = stage.output(input);
      stage.backend.filterInputGradient(kind, x, w, dy, dx, shape);
      return [dx];
    }),
    conformanceCase('filterWeightGradient', detail, 2e-5, 'array', (stage) => {
      const [x, w, dy] = [stage.normal(input), stage.normal(filter), stage.normal(output)];
      const dw = stage.output(filter);
      stage.backend.filterWeightGradient(kind, x, w, dy, dw, shape);
      return [dw];
    }),
  ];
}

const filters = FILTERS.flatMap((sizes) =>
  (['conv', 'add'] as const).flatMap((kind) => filterCases(kind, filterShape(sizes))),
);

/** rows, classes */
const VOCABULARIES: readonly (readonly number[])[] = [
  [0, 5],
  [1, 1],
  [5, 7],
  [4, 33],
  [9, 1000],
  [70, 512],
];

const losses = VOCABULARIES.flatMap(([rows, classes]) =>
  [0, 0.1].flatMap((smoothing) =>
    (['gradient', 'in place', 'no gradient'] as const).map((mode) => {
      const detail = `[${rows}, ${classes}] smoothed by ${smoothing}, ${mode}`;
      return conformanceCase('labelCrossEntropy', detail, 5e-6, 'array', (stage) => {
        const logits = stage.uniform(rows * classes, -20, 20);
        // the third row of every four asks for nothing
        const labels = Int32Array.from({ length: rows }, (_, i) => (i % 4 === 2 ? -1 : (i * 31) % classes));
        const [lost, likelihoods] = [stage.output(rows), stage.output(rows)];
        const gradient = mode === 'gradient' ? stage.output(rows * classes) : logits;
        stage.backend.labelCrossEntropy(
          logits,
          stage.values(labels, 'int32'),
          lost,
          likelihoods,
          mode === 'no gradient' ? null : gradient,
          rows,
          classes,
          smoothing,
          0.25,
        );
        return [lost, likelihoods, gradient];
      });
    }),
  ),
);

const impossible = conformanceCase('labelCrossEntropy', 'a class that cannot be', 5e-6, 'array', (stage) => {
  const logits = stage.values([100, -100, Number.NEGATIVE_INFINITY, 1, 2, 3]);
  const [lost, likelihoods, dlogits] = [stage.output(2), stage.output(2), stage.output(6)];
  stage.backend.labelCrossEntropy(
    logits,
    stage.values([1, 2], 'int32'),
    lost,
    likelihoods,
    dlogits,
    2,
    3,
    0,
    1,
  );
  return [lost, likelihoods, dlogits];
});

/** rows, columns, k */
const TOPS: readonly (readonly number[])[] = [
  [0, 4, 2],
  [1, 1, 1],
  [3, 5, 0],
  [4, 6, 6],
  [3, 33, 4],
  [5, 700, 8],
  [20, 3000, 5],
];

const tops = TOPS.flatMap(([rows, columns, k]) =>
  // drawn from few numbers, most are met many times: the lower index comes first
  [false, true].map((equal) =>
    conformanceCase(
      'topLogProbabilities',
      `${k} of [${rows}, ${columns}]${equal ? ', many equal' : ''}`,
      2e-6,
      'array',
      (stage) => {
        const logits = stage.uniform(rows * columns, -9, 9);
        if (equal) stage.backend.unary('round', logits, logits, rows * columns);
        const [values, indices] = [stage.output(rows * k), stage.output(rows * k, 'int32')];
        stage.backend.topLogProbabilities(logits, values, indices, rows, columns, k);
        return [values, indices];
      },
    ),
  ),
);

const specialTops = conformanceCase(
  'topLogProbabilities',
  'nothing likely, one NaN, infinities',
  2e-6,
  'element',
  (stage) => {
    const [never, nan] = [Number.NEGATIVE_INFINITY, Number.NaN];
    const logits = stage.values([never, never, never, never, nan, 1, never, 2, never, 3, 3, never]);
    const [values, indices] = [stage.output(9), stage.output(9, 'int32')];
    stage.backend.topLogProbabilities(logits, values, indices, 3, 4, 3);
    return [values, indices];
  },
);

/** The same in rows that are looked at in groups of columns. */
const specialLongTops = conformanceCase(
  'topLogProbabilities',
  'many columns: nothing likely, fewer than k likely, NaN in the beginning, NaN at the end',
  2e-6,
  'element',
  (stage) => {
    const [never, nan] = [Number.NEGATIVE_INFINITY, Number.NaN];
    const [columns, k] = [700, 4];
    const row = (value: (j: number) => number, others: Readonly<Record<number, number>> = {}) =>
      Array.from({ length: columns }, (_, j) => others[j] ?? value(j));
    const some = (j: number) => ((j * 37) % 101) / 8;
    const rows = [
      row(() => never),
      row(() => never, { 3: 1, 640: 2, 699: 2 }),
      row(some, { 5: nan }),
      row(some, { 698: nan, 2: 20 }),
      row(() => 0.5, { 699: 1 }),
    ];
    const logits = stage.values(rows.flat());
    const [values, indices] = [stage.output(rows.length * k), stage.output(rows.length * k, 'int32')];
    stage.backend.topLogProbabilities(logits, values, indices, rows.length, columns, k);
    return [values, indices];
  },
);

const drops = [0, 1, 7, 33, 1000, 40_000].flatMap((length) =>
  [0, 0.1, 0.5, 0.999].map((rate) =>
    conformanceCase('dropout', `${rate} of ${length}`, 0, 'array', (stage) => {
      const [x, y] = [stage.normal(length), stage.output(length)];
      stage.backend.dropout(x, y, length, rate, KEY);
      return [y];
    }),
  ),
);

export const sequenceCases: readonly ConformanceCase[] = [
  ...attentions,
  largeScores,
  ...hidden,
  ...filters,
  ...losses,
  impossible,
  ...tops,
  specialTops,
  specialLongTops,
  ...drops,
];
