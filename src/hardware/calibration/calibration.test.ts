import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { findAccelerator, rowstationary45 } from '../accelerators/index.ts';
import { explain } from '../explain.ts';
import { Pricer } from '../pricer.ts';
import type { Workload, WorkloadKind } from '../workload.ts';
import {
  calibratedAccelerator,
  fitLatency,
  formatMeasurements,
  type Measurement,
  parseMeasurements,
} from './index.ts';
import { nonNegativeLeastSquares } from './least-squares.ts';

const layer = (kind: WorkloadKind, size: number, c: number, m: number, groups = 1): Workload => ({
  ...{ name: 'x', kind, family: kind, n: 1, h: size, w: size, c, r: 3, s: 3, m, e: size, f: size, stride: 1 },
  ...{ groups, weights: (9 * c * m) / groups },
});

/** Times by a known law, ns: 500 + 0.03 a multiply-accumulate + 0.2 an output (adders: 0.09 and 0.1). */
function lawful(noise = 0): Measurement[] {
  const random = Random.fromSeed(7);
  const law = (kind: WorkloadKind, perMac: number, perOutput: number) =>
    [4, 7, 8, 14, 16, 28].flatMap((size) =>
      [8, 16, 32, 48, 64, 96].map((c) => {
        const load = layer(kind, size, c, 2 * c);
        const output = size * size * 2 * c;
        const ns = 500 + perMac * output * 9 * c + perOutput * output;
        return { load, ms: ns * 1e-6 * (1 + noise * random.uniform(0, 1)) };
      }),
    );
  return [...law('conv', 0.03, 0.2), ...law('add', 0.09, 0.1)];
}

describe('latency fit', () => {
  test('a known law is recovered', () => {
    const { families, heldOutError, byFamily } = fitLatency(lawful());
    expect(heldOutError.p95).toBeLessThan(1e-3);
    const macs = ({ macs = 0, eights = 0, sixteens = 0 }) => macs + eights + sixteens;
    expect(macs(families.conv)).toBeCloseTo(0.03, 3);
    expect(macs(families.add)).toBeCloseTo(0.09, 3);
    expect(families.conv.call).toBeCloseTo(500, -1);
    expect(byFamily.conv).toMatchObject({ train: 27, heldOut: 9 });
  });

  test('with timings up to 20 % too long the error stays within them', () => {
    const { heldOutError } = fitLatency(lawful(0.2));
    expect(heldOutError.median).toBeLessThan(0.1);
    expect(heldOutError.p95).toBeLessThan(0.2);
  });

  test('the same measurements and seed give the same fit, another seed another split', () => {
    const measurements = lawful(0.2).slice(0, 20);
    expect(fitLatency(measurements, 3)).toEqual(fitLatency(measurements, 3));
    expect(fitLatency(measurements, 4).heldOut[0].load).not.toEqual(
      fitLatency(measurements, 3).heldOut[0].load,
    );
  });

  test('non-negative least squares: no better point in the neighbourhood', () => {
    const number = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number, number), { minLength: 6, maxLength: 12 }),
        (data) => {
          const rows = data.map(([a, b, c]) => [a, b, c]);
          const targets = data.map(([, , , t]) => t - 3);
          const weights = rows.map(() => 1);
          const error = (x: readonly number[]) =>
            rows.reduce(
              (sum, row, i) => sum + (row.reduce((s, v, j) => s + v * x[j], 0) - targets[i]) ** 2,
              0,
            );
          const x = nonNegativeLeastSquares(rows, targets, weights);
          const best = error(x);
          for (let j = 0; j < 3; j++) {
            for (const step of [-1e-3, 1e-3]) {
              const moved = x.map((value, i) => Math.max(0, value + (i === j ? step : 0)));
              expect(error(moved)).toBeGreaterThanOrEqual(best - 1e-9);
            }
          }
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });
});

describe('measurements as CSV', () => {
  test('what is written is read again', () => {
    const measurements = lawful().slice(0, 3);
    const vector = { multiplications: 1, additions: 2, operands: 1 };
    const norm = { ...layer('vector', 7, 16, 16), r: 1, s: 1, vector };
    const text = formatMeasurements([...measurements, { load: norm, ms: 0.5 }], ['a machine']);
    const back = parseMeasurements(text);
    expect(back).toHaveLength(4);
    for (const { load, ms } of back) {
      const [first] = measurements.filter((each) => each.load.c === load.c && load.kind !== 'vector');
      const of = load.kind === 'vector' ? { load: norm, ms: 0.5 } : first;
      for (const key of ['n', 'h', 'w', 'c', 'r', 's', 'm', 'e', 'f', 'stride', 'groups'] as const) {
        expect(load[key]).toBe(of.load[key]);
      }
      expect(ms / of.ms).toBeCloseTo(1, 5);
      expect(load.vector).toEqual(of.load.vector);
    }
  });

  test('left-out columns have their defaults', () => {
    const [{ load, ms }] = parseMeasurements('kind,h,c,r,m,stride,ms\n# a note\nconv,14,8,3,16,2,0.25\n');
    expect(load).toMatchObject({
      n: 1,
      h: 14,
      w: 14,
      c: 8,
      r: 3,
      s: 3,
      m: 16,
      e: 7,
      f: 7,
      stride: 2,
      groups: 1,
    });
    expect(ms).toBe(0.25);
  });

  test.each([
    ['', /m\.csv, line 1: a line of column names/],
    ['kind,c,m,milliseconds\n', /line 1: unknown column "milliseconds"/],
    ['kind,c,m,mss\n', /unknown column "mss"; did you mean "ms"\?/],
    ['kind,c,m\nconv,1,1', /line 1: the column "ms" is missing/],
    ['kind,c,m,ms\n', /line 1: no measurement follows/],
    ['kind,c,m,ms\n\nconv,8,8\n', /line 3: 4 values are needed \(kind,c,m,ms\), but there are 3/],
    ['kind,c,m,ms\ncomv,8,8,1\n', /line 2: "kind".*"comv"; did you mean "conv"\?/],
    ['kind,c,m,ms\nconv,8,8,1\nconv,8,0.5,1\n', /line 3: "m" must be a whole number.*"0.5"/],
    ['kind,c,m,ms\nconv,8,8,-1\n', /line 2: "ms" must be a time above zero.*"-1"/],
    ['kind,c,m,groups,ms\nconv,8,8,3,1\n', /line 2: "groups" must divide c and m, but 3/],
  ])('a fault names its line: %j', (text, message) => {
    expect(() => parseMeasurements(text, 'm.csv')).toThrow(message);
  });
});

describe('a calibrated accelerator', () => {
  const fit = fitLatency(lawful());
  const made = calibratedAccelerator({
    name: 'mine',
    base: rowstationary45,
    bits: 32,
    machine: 'a law',
    fit,
  });
  // Between the shapes of the fit, as wide as they are deep.
  const load = layer('conv', 10, 40, 80);

  test('latency by the law, energy of its base', () => {
    const price = new Pricer(made).price(load);
    const output = 10 * 10 * 80;
    const law = 500 + 0.03 * output * 9 * 40 + 0.2 * output;
    expect(Math.abs((price.latencyMs * 1e6) / law - 1)).toBeLessThan(0.01);
    expect(price.energyMj).toBe(new Pricer(rowstationary45).price(load).energyMj);
  });

  test('goes through its file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'calibrated-'));
    try {
      const path = join(folder, 'mine.json');
      writeFileSync(path, JSON.stringify(made));
      expect(findAccelerator(path)).toEqual(made);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('only what was measured is known', () => {
    expect(() => new Pricer(made, 8)).toThrow(/no entry units\.8.*use 32 bits/);
    expect(() => new Pricer(made).price(layer('shift', 7, 8, 8))).toThrow(
      /no entry calibration\.families\.shift.*measured are add, conv/,
    );
    expect(() =>
      calibratedAccelerator({ name: 'm', base: rowstationary45, bits: 4, machine: '', fit }),
    ).toThrow(/no entry units\.4.*use 8 bits/);
    const norm = { ...layer('vector', 7, 8, 8), r: 1, s: 1, vector: { multiplications: 1, additions: 1 } };
    expect(new Pricer(made).price(norm).latencyMs).toBe(0);
  });

  test('explain names the calibration, there and back', () => {
    const there = explain([load], rowstationary45, made);
    expect(there.steps.map(({ change }) => change)).toEqual(['calibration']);
    expect(there.steps[0].latencyMs).toBe(there.end.latencyMs);
    const back = explain([load], made, rowstationary45);
    expect(back.steps.at(-1)?.latencyMs).toBe(back.end.latencyMs);
    expect(back.steps.map(({ to }) => to)).toEqual(['none']);
  });
});
