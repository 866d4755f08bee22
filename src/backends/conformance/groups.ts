/** Cases of the calls over many tensors at once: parts of many lengths, one empty, one too long for a slab of small tensors. */
import type { AdamShape, Buffer } from '../backend.ts';
import { type ConformanceCase, conformanceCase, type Stage } from './case.ts';

const FEW = [5, 0, 1, 300, 1024, 1025, 64, 9, 5000];
const LENGTHS: Readonly<Record<string, readonly number[]>> = {
  few: FEW,
  one: [33],
  none: [],
  'a long one among others': [7, 2 ** 18 + 3, 20, 2 ** 18 + 1],
};

const ADAM: Omit<AdamShape, 'normalised'> = {
  ...{ rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0.05 },
  ...{ step1: 7, step2: 3 },
};

const normals = (stage: Stage, lengths: readonly number[]): Buffer[] =>
  lengths.map((length) => stage.normal(length));

export const groupCases: readonly ConformanceCase[] = Object.entries(LENGTHS).flatMap(([name, lengths]) => [
  conformanceCase('sgdSteps', name, 3e-6, 'element', (stage) => {
    const [w, g, velocity] = [normals(stage, lengths), normals(stage, lengths), normals(stage, lengths)];
    const parts = lengths.map((length, i) => ({
      ...{ w: w[i], g: g[i], velocity: velocity[i], length },
      shape: { rate: 0.1 / (i + 1), momentum: 0.9, nesterov: i % 3 === 1, decay: i % 2 === 0 ? 1e-3 : 0 },
    }));
    stage.backend.sgdSteps(parts);
    return [...w, ...velocity];
  }),
  conformanceCase('adamSteps', name, 2e-6, 'element', (stage) => {
    const [w, first] = [normals(stage, lengths), normals(stage, lengths)];
    const second = lengths.map((length) => stage.uniform(length, 0.01, 1));
    // one gradient may be that of two parameters
    const g = normals(stage, lengths).map((own, i, all) => (lengths[i] === 1024 ? all[i + 1] : own));
    const parts = lengths.map((length, i) => ({
      ...{ w: w[i], g: g[i], first: first[i], second: second[i], length },
      shape: { ...ADAM, rate: 0.01 * (i + 1), step1: 7 + i, normalised: i % 3 === 1 },
    }));
    stage.backend.adamSteps(parts);
    return [...w, ...first, ...second];
  }),
  conformanceCase('sumsOfSquares', name, 1e-5, 'array', (stage) => {
    const parts = normals(stage, lengths).map((x, i) => ({ x, length: lengths[i] }));
    const y = stage.output(lengths.length);
    stage.backend.sumsOfSquares(parts, y);
    return [y];
  }),
  ...(['one', 'each'] as const).map((kind) =>
    conformanceCase('scaleEach', `${name}, a factor for ${kind}`, 2e-6, 'element', (stage) => {
      const x = normals(stage, lengths);
      const factors = stage.normal(kind === 'one' ? 1 : lengths.length);
      stage.backend.scaleEach(
        x.map((buffer, i) => ({ x: buffer, length: lengths[i], by: i - 0.5 })),
        factors,
      );
      return x;
    }),
  ),
  conformanceCase('mixEach', name, 2e-6, 'element', (stage) => {
    const [x, y] = [normals(stage, lengths), normals(stage, lengths)];
    stage.backend.mixEach(
      lengths.map((length, i) => ({ x: x[i], y: y[i], length, keep: 0.9 - 0.1 * i, add: 0.2 * i })),
    );
    return y;
  }),
  conformanceCase('clampEach', name, 0, 'element', (stage) => {
    const x = normals(stage, lengths);
    const nothing = stage.values([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.25, -9]);
    const parts = [...x, nothing].map((buffer, i) => ({
      ...{ x: buffer, length: buffer.length, low: -0.5 - 0.1 * i },
      high: i % 2 === 0 ? 0.3 : Number.POSITIVE_INFINITY,
    }));
    stage.backend.clampEach(parts);
    return [...x, nothing];
  }),
]);
