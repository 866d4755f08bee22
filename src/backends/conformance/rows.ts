/** Cases of the kernels over matrices: products, normalisation, softmax, loss. */
import type { Activation, MatmulShape } from '../backend.ts';
import { type ConformanceCase, conformanceCase } from './case.ts';

/** batch, m, n, k */
const PRODUCTS: readonly (readonly number[])[] = [
  [1, 1, 1, 1],
  [1, 5, 7, 3],
  [2, 16, 64, 16],
  [3, 7, 33, 24],
  [1, 64, 65, 63],
  [4, 13, 8, 1],
  [1, 1, 100, 33],
  [1, 100, 1, 33],
  [0, 4, 4, 4],
  [2, 3, 5, 0],
  [1, 130, 129, 70],
  [1, 50, 200, 600],
  [1, 20, 1100, 130],
  // few rows
  [1, 1, 203, 131],
  [1, 7, 330, 70],
  [1, 32, 129, 300],
];

export function matmulCase(shape: MatmulShape): ConformanceCase {
  const { batch, m, n, k, transposeA, transposeB, alpha, accumulate } = shape;
  const detail =
    `${batch} x [${m}, ${k}]${transposeA ? "'" : ''} [${k}, ${n}]${transposeB ? "'" : ''} ` +
    `alpha ${alpha}${accumulate ? ' accumulated' : ''}`;
  return conformanceCase('matmul', detail, 2e-5, 'array', (stage) => {
    const y = accumulate ? stage.normal(batch * m * n) : stage.output(batch * m * n);
    stage.backend.matmul(stage.normal(batch * m * k), stage.normal(batch * k * n), y, shape);
    return [y];
  });
}

const matmuls = PRODUCTS.flatMap(([batch, m, n, k]) =>
  [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) => [
      matmulCase({ batch, m, n, k, transposeA, transposeB, alpha: 1, accumulate: false }),
      matmulCase({ batch, m, n, k, transposeA, transposeB, alpha: -0.5, accumulate: true }),
    ]),
  ),
);

/** A matrix so large that it is packed a few panels at a time. */
const large = [false, true].map((transposeB) => {
  const options = { transposeA: false, transposeB, alpha: 1, accumulate: false };
  return matmulCase({ batch: 1, m: 34, n: 1100, k: 400, ...options });
});

/** rows, channels */
const MATRICES: readonly (readonly number[])[] = [
  [1, 1],
  [4, 3],
  [49, 7],
  [50, 8],
  [33, 16],
  [20, 33],
  [6, 64],
  [2048, 24],
  [300, 130],
];

function batchNormCases([rows, channels]: readonly number[]): ConformanceCase[] {
  const size = rows * channels;
  const cases = [
    // The mean is far from zero: the sum of squares alone would lose the variance.
    conformanceCase('batchStatistics', `[${rows}, ${channels}]`, 1e-5, 'array', (stage) => {
      const [mean, variance] = [stage.output(channels), stage.output(channels)];
      stage.backend.batchStatistics(stage.uniform(size, 9, 13), mean, variance, rows, channels);
      return [mean, variance];
    }),
  ];
  for (const activation of ['none', 'relu'] as const) {
    for (const residual of [false, true]) {
      cases.push(batchNormForward(rows, channels, activation, residual));
      cases.push(batchNormBackward(rows, channels, activation, residual, true));
      cases.push(batchNormBackward(rows, channels, activation, residual, false));
    }
  }
  return cases;
}

function batchNormForward(
  rows: number,
  channels: number,
  activation: Activation,
  residual: boolean,
): ConformanceCase {
  const detail = `[${rows}, ${channels}] ${activation}${residual ? ' with residual' : ''}`;
  return conformanceCase('batchNormForward', detail, 1e-5, 'array', (stage) => {
    const size = rows * channels;
    const y = stage.output(size);
    stage.backend.batchNormForward(
      stage.normal(size),
      stage.normal(channels),
      stage.uniform(channels, 0.2, 2),
      stage.normal(channels),
      stage.normal(channels),
      residual ? stage.normal(size) : null,
      y,
      { rows, channels, epsilon: 1e-5, activation },
    );
    return [y];
  });
}

function batchNormBackward(
  rows: number,
  channels: number,
  activation: Activation,
  residual: boolean,
  throughStatistics: boolean,
): ConformanceCase {
  const detail =
    `[${rows}, ${channels}] ${activation}${residual ? ' with residual' : ''}` +
    `${throughStatistics ? ' through statistics' : ''}`;
  return conformanceCase('batchNormBackward', detail, 1e-5, 'array', (stage) => {
    const size = rows * channels;
    const dx = stage.output(size);
    const dgamma = stage.output(channels);
    const dbeta = stage.output(channels);
    const dresidual = residual ? stage.output(size) : null;
    stage.backend.batchNormBackward(
      stage.normal(size),
      stage.normal(channels),
      stage.uniform(channels, 0.2, 2),
      stage.normal(channels),
      stage.normal(channels),
      residual ? stage.normal(size) : null, // y: a mask, so any numbers do
      stage.normal(size),
      dx,
      dgamma,
      dbeta,
      dresidual,
      { rows, channels, epsilon: 1e-5, activation, throughStatistics },
    );
    return dresidual === null ? [dx, dgamma, dbeta] : [dx, dgamma, dbeta, dresidual];
  });
}

function rowCases([rows, columns]: readonly number[]): ConformanceCase[] {
  const size = rows * columns;
  const detail = `[${rows}, ${columns}]`;
  return [
    conformanceCase('layerNormForward', detail, 2e-5, 'array', (stage) => {
      const [y, mean, inverse] = [stage.output(size), stage.output(rows), stage.output(rows)];
      const [x, gamma, beta] = [stage.uniform(size, 2, 5), stage.normal(columns), stage.normal(columns)];
      stage.backend.layerNormForward(x, gamma, beta, y, mean, inverse, rows, columns, 1e-3);
      return [y, mean, inverse];
    }),
    conformanceCase('layerNormBackward', detail, 2e-5, 'array', (stage) => {
      const [dx, dgamma, dbeta] = [stage.output(size), stage.output(columns), stage.output(columns)];
      const [x, gamma, mean] = [stage.normal(size), stage.normal(columns), stage.normal(rows)];
      const [inverse, dy] = [stage.uniform(rows, 0.5, 2), stage.normal(size)];
      stage.backend.layerNormBackward(x, gamma, mean, inverse, dy, dx, dgamma, dbeta, rows, columns);
      return [dx, dgamma, dbeta];
    }),
    conformanceCase('softmaxForward', detail, 2e-6, 'element', (stage) => {
      const y = stage.output(size);
      stage.backend.softmaxForward(stage.uniform(size, -30, 30), null, y, rows, columns, 0, 0.3);
      return [y];
    }),
    conformanceCase('softmaxForward', `${detail} masked`, 2e-6, 'element', (stage) => {
      const y = stage.output(size);
      const maskRows = Math.max(1, Math.floor(rows / 2));
      // Above the diagonal nothing is seen, as in a decoder.
      const mask = new Float32Array(maskRows * columns);
      for (let i = 0; i < mask.length; i++) {
        if (i % columns > Math.floor(i / columns)) mask[i] = Number.NEGATIVE_INFINITY;
      }
      stage.backend.softmaxForward(stage.normal(size), stage.values(mask), y, rows, columns, maskRows, 1);
      return [y];
    }),
    conformanceCase('softmaxBackward', detail, 5e-6, 'array', (stage) => {
      const dx = stage.output(size);
      stage.backend.softmaxBackward(stage.uniform(size, 0, 1), stage.normal(size), dx, rows, columns, 0.7);
      return [dx];
    }),
    conformanceCase('crossEntropy', detail, 5e-6, 'array', (stage) => {
      const [losses, dlogits] = [stage.output(rows), stage.output(size)];
      const [logits, targets] = [stage.uniform(size, -20, 20), stage.uniform(size, 0, 0.2)];
      stage.backend.crossEntropy(logits, targets, losses, dlogits, rows, columns);
      return [losses, dlogits];
    }),
  ];
}

const special: readonly ConformanceCase[] = [
  conformanceCase('softmaxForward', 'large values and a row masked altogether', 2e-6, 'element', (stage) => {
    const never = Number.NEGATIVE_INFINITY;
    const y = stage.output(15);
    const x = stage.values([1e4, -1e4, 0, 9999, 1e4, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    const mask = stage.values([0, 0, 0, 0, 0, never, never, never, never, never, 0, never, 0, 0, 0]);
    stage.backend.softmaxForward(x, mask, y, 3, 5, 3, 1);
    return [y];
  }),
  conformanceCase('crossEntropy', 'one-hot targets, a class that cannot be', 5e-6, 'array', (stage) => {
    const [losses, dlogits] = [stage.output(2), stage.output(6)];
    const logits = stage.values([100, -100, Number.NEGATIVE_INFINITY, 1, 2, 3]);
    stage.backend.crossEntropy(logits, stage.values([0, 1, 0, 0, 0, 1]), losses, dlogits, 2, 3);
    return [losses, dlogits];
  }),
  conformanceCase('batchNormForward', 'NaN and infinity through relu', 1e-6, 'array', (stage) => {
    const x = stage.values([Number.NaN, 1, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY, 2]);
    const y = stage.output(6);
    const [zero, one] = [stage.values([0]), stage.values([1])];
    const shape = { rows: 6, channels: 1, epsilon: 0, activation: 'relu' } as const;
    stage.backend.batchNormForward(x, zero, one, one, zero, null, y, shape);
    return [y];
  }),
];

export const rowKernelCases: readonly ConformanceCase[] = [
  ...matmuls,
  ...large,
  ...MATRICES.flatMap(batchNormCases),
  ...MATRICES.flatMap(rowCases),
  ...special,
];
