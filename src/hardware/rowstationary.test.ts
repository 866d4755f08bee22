import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShiftAddError } from '../core/errors.ts';
import { searchTiling } from './rowstationary.ts';
import type { SearchProblem } from './searchproblem.ts';
import { accessCounts, arrayCycles, divisors, type Nest, type Tiling, tensorWords } from './tiling.ts';

/** The specification of the search: every tiling there is, priced from its access counts (spec 8.3, 8.4). */
function enumerate(problem: SearchProblem): { energy: number; cycles: number; tiling: Tiling }[] {
  const { nest, limits, energies, times } = problem;
  const { n, m, c, e, f, r, s, stride, groups } = nest;
  const words = tensorWords(nest);
  const tensors = { input: groups * words.input, weight: groups * words.weight };
  const found: { energy: number; cycles: number; tiling: Tiling }[] = [];
  for (const n0 of divisors(n))
    for (const m0 of divisors(m))
      for (const m1 of divisors(m / m0))
        for (const m2 of divisors(m / m0 / m1))
          for (const c0 of divisors(c))
            for (const c1 of divisors(c / c0))
              for (const e1 of divisors(e))
                for (const g1 of divisors(groups)) {
                  const m3 = m / (m0 * m1 * m2);
                  const t = {
                    ...{ n0, n3: n / n0, m0, m1, m2, m3, c0, c1, c2: c / (c0 * c1) },
                    ...{ e1, e3: e / e1, g1, g3: groups / g1 },
                  };
                  const window = ((e1 - 1) * stride + r) * ((f - 1) * stride + s) * limits.inputSize;
                  const held = n0 * g1 * (c1 * c0 * window + m2 * m1 * m0 * e1 * f * limits.partialSize);
                  const valid =
                    (e1 > 1 || e === 1 || limits.singleRows) &&
                    m0 <= limits.registerOutputs &&
                    c0 * s <= limits.registerInputs &&
                    m0 * c0 * s <= limits.registerWeights &&
                    held <= limits.global * (1 + 1e-12) &&
                    m1 * c1 * e1 * r * g1 <= limits.elements;
                  if (!valid) continue;
                  const counts = accessCounts(nest, t);
                  let energy = problem.fixedEnergy;
                  for (const key of Object.keys(counts) as (keyof typeof counts)[])
                    energy += counts[key] * energies[key];
                  let cycles = arrayCycles(nest, t);
                  if (times !== undefined) {
                    const outer =
                      times.outerInput * (problem.inputOnce ? tensors.input : counts.outerInput) +
                      times.outerWeight * (problem.weightOnce ? tensors.weight : counts.outerWeight) +
                      times.outerOutput * counts.outerOutput;
                    const buffer =
                      times.bufferInput * counts.bufferInput + times.bufferOutput * counts.bufferOutput;
                    cycles = Math.max(cycles, outer, buffer);
                  }
                  found.push({ energy, cycles, tiling: t });
                }
  return found;
}

const nests = fc
  .record({
    n: fc.constantFrom(1, 2, 6, 15),
    e: fc.constantFrom(1, 2, 6, 7, 12),
    c: fc.constantFrom(1, 2, 6, 16),
    m: fc.constantFrom(1, 4, 12, 30),
    r: fc.constantFrom(1, 3),
    stride: fc.constantFrom(1, 2),
    groups: fc.constantFrom(1, 4),
  })
  .map(
    ({ e, stride, r, ...rest }): Nest => ({
      ...rest,
      e,
      f: e,
      h: e * stride,
      w: e * stride,
      r,
      s: r,
      stride,
    }),
  );

const positive = fc.double({ min: 0.1, max: 100, noNaN: true });
/** Some memory is free, as that of adder layers in the released model. */
const energy = fc.oneof({ weight: 4, arbitrary: positive }, { weight: 1, arbitrary: fc.constant(0) });
const energiesOf = fc.record({
  ...{ outerInput: energy, outerWeight: energy, outerOutput: energy, bufferInput: energy },
  ...{ bufferOutput: energy, networkInput: energy, networkWeight: energy, networkPartial: energy },
  ...{ registerInput: energy, registerWeight: energy, registerPartial: energy },
});
const timesOf = fc.record({
  ...{ outerInput: positive, outerWeight: positive, outerOutput: positive },
  ...{ bufferInput: positive, bufferOutput: positive },
});
const problems: fc.Arbitrary<SearchProblem> = fc.record({
  nest: nests,
  energies: energiesOf,
  limits: fc.record({
    elements: fc.integer({ min: 36, max: 200 }),
    registerOutputs: fc.integer({ min: 1, max: 16 }),
    registerInputs: fc.integer({ min: 3, max: 12 }),
    registerWeights: fc.integer({ min: 3, max: 60 }),
    global: fc.integer({ min: 2000, max: 20000 }),
    inputSize: fc.constantFrom(1, 0.25),
    partialSize: fc.constantFrom(1, 0.5),
    singleRows: fc.boolean(),
  }),
  fixedEnergy: positive,
  times: fc.option(timesOf, { nil: undefined }),
  inputOnce: fc.boolean(),
  weightOnce: fc.boolean(),
});

describe('tiling search', () => {
  test('chooses as the full enumeration of spec 8.3 and 8.4 does', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const all = enumerate(problem);
        const spread = (values: number[]) => [
          values.reduce((a, b) => Math.min(a, b)),
          values.reduce((a, b) => Math.max(a, b)),
        ];
        const [energyMin, energyMax] = spread(all.map((t) => t.energy));
        const [cyclesMin, cyclesMax] = spread(all.map((t) => t.cycles));
        const score = (t: { energy: number; cycles: number }) =>
          (t.energy - energyMin) / energyMax + (t.cycles - cyclesMin) / cyclesMax;
        const [best] = spread(all.map(score));
        const found = searchTiling(problem);
        expect(Math.abs(score(found) - best)).toBeLessThan(1e-11);
        const match = all.find((t) => JSON.stringify(t.tiling) === JSON.stringify(found.tiling));
        expect(match?.energy).toBeCloseTo(found.energy, 6);
        expect(match?.cycles).toBeCloseTo(found.cycles, 6);
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  test('a layer without a tiling is an error that names the bound and the nearest size', () => {
    const nest = { n: 1, h: 97, w: 97, c: 4, r: 3, s: 3, m: 4, e: 97, f: 97, stride: 1, groups: 1 };
    const one = Object.fromEntries(
      Object.keys(accessCounts(nest, {} as Tiling)).map((key) => [key, 1]),
    ) as unknown as SearchProblem['energies'];
    const limits = {
      ...{ elements: 191, registerOutputs: 16, registerInputs: 11, registerWeights: 959, global: 65535 },
      ...{ inputSize: 1, partialSize: 1, singleRows: false },
    };
    const problem = { nest, energies: one, limits, fixedEnergy: 0, times: undefined };
    const search = () => searchTiling({ ...problem, inputOnce: false, weightOnce: false }, 'stage1.inner');
    expect(search).toThrow(ShiftAddError);
    expect(search).toThrow(
      /stage1\.inner.*291 processing elements of at most 191.*output height that fits is 98/,
    );
  });
});
