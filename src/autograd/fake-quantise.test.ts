/** Fake quantisation on every backend that is present, against explicit loops in float32. */
import { afterAll, describe, expect, test } from 'vitest';
import { availableBackends, openBackend } from '../backends/open.ts';
import {
  activationGrid,
  activationStep,
  coarserStep,
  fakeQuantise,
  rangeOf,
  weightGrid,
  weightStep,
} from './fake-quantise.ts';
import { draw, tapeGradients } from './gradcheck.ts';
import { Graph } from './graph.ts';

const f = Math.fround;
const round = (v: number) => Math.sign(v) * Math.floor(Math.abs(v) + 0.5);

function onGrid(x: number, step: number, lowest: number, highest: number): number {
  return f(step * Math.min(highest, Math.max(lowest, round(f(x / step)))));
}

/** The weights of output channel c, or all. */
function explicitWeights(
  data: ArrayLike<number>,
  m: number,
  bits: number,
  per: 'layer' | 'channel',
): number[] {
  const values = Array.from(data);
  const levels = 2 ** (bits - 1) - 1;
  const largest = (c: number) =>
    Math.max(...values.filter((_, i) => per === 'layer' || i % m === c).map(Math.abs));
  return values.map((w, i) => onGrid(w, f(largest(i % m) * f(1 / levels)), -levels, levels));
}

function explicitActivations(data: ArrayLike<number>, bits: number): number[] {
  const values = Array.from(data);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const levels = 2 ** bits - 1;
  const step = f(f(high - low) * f(1 / levels));
  const lowest = round(f(low / step));
  return values.map((x) => onGrid(x, step, lowest, lowest + levels));
}

for (const { name, present, reason } of await availableBackends()) {
  describe.skipIf(!present)(`backend ${name} (${reason})`, async () => {
    const backend = present ? await openBackend(name) : await openBackend('reference');
    afterAll(() => backend.dispose());

    test.each([
      [8, 'layer'],
      [8, 'channel'],
      [4, 'channel'],
      [2, 'layer'],
      [16, 'channel'],
    ] as const)(
      'weights of %d bits, a step for each %s: the explicit loop, and its gradient dy',
      async (bits, per) => {
        const w = draw(`w${bits}`, [3, 3, 2, 5], -0.3, 0.2);
        const { y, dy, gradients } = await tapeGradients(backend, [w], ([t]) =>
          fakeQuantise(t, weightGrid(backend, weightStep(t, bits, per), bits)),
        );
        const expected = explicitWeights(w.data, 5, bits, per);
        for (const [i, value] of y.entries()) expect(value).toBeCloseTo(expected[i], 6);
        expect(new Set(y).size).toBeGreaterThan(2);
        expect(gradients[0]).toEqual(dy);
      },
    );

    test.each([
      ['after a ReLU', 8, 0, 3],
      ['of both signs', 8, -1.5, 0.4],
      ['of few bits', 3, -1, 2],
      ['all above 0', 8, 2, 3],
      ['all below 0', 5, -3, -2],
    ] as const)(
      'activations %s, %d bits: the explicit loop, and its gradient dy',
      async (label, bits, low, high) => {
        const x = draw(label, [2, 3, 3, 4], low, high);
        const { y, dy, gradients } = await tapeGradients(backend, [x], ([t]) => {
          const range = rangeOf(t);
          return fakeQuantise(t, activationGrid(backend, range, activationStep(backend, range, bits), bits));
        });
        const expected = explicitActivations(x.data, bits);
        for (const [i, value] of y.entries()) expect(value).toBeCloseTo(expected[i], 6);
        expect(new Set(y).size).toBeLessThanOrEqual(2 ** bits);
        expect(gradients[0]).toEqual(dy);
      },
    );

    test('0 stays exactly 0, what lies beyond a range measured before is clamped, and 0 throughout is no trouble', async () => {
      const graph = new Graph(backend, { training: false });
      const range = rangeOf(graph.values([-1, 0.2, 2], [3]));
      const grid = activationGrid(backend, range, activationStep(backend, range, 8), 8);
      const [zero, below, above] = await graph.read(fakeQuantise(graph.values([0, -9, 9], [3]), grid));
      expect(zero).toBe(0);
      expect(Math.abs(below + 1)).toBeLessThan(0.5 * (3 / 255) + 1e-6);
      expect(Math.abs(above - 2)).toBeLessThan(0.5 * (3 / 255) + 1e-6);
      const nothing = graph.values([0, 0, 0, 0], [2, 2]);
      const none = rangeOf(nothing);
      const steps = [weightStep(nothing, 8, 'channel'), activationStep(backend, none, 8)];
      expect(await graph.read(fakeQuantise(nothing, weightGrid(backend, steps[0], 8)))).toEqual(
        new Float32Array(4),
      );
      expect(
        (await graph.read(fakeQuantise(nothing, activationGrid(backend, none, steps[1], 8)))).every(
          (v) => v === 0,
        ),
      ).toBe(true);
      graph.close();
    });

    test('on one step for both, an input and a weight differ by a whole number of steps', async () => {
      const graph = new Graph(backend, { training: false });
      const x = graph.values(draw('x', [40], 0, 3).data, [40]);
      const w = graph.values(draw('w', [40], -9, 9).data, [40]);
      const range = rangeOf(x);
      const step = coarserStep(backend, activationStep(backend, range, 8), weightStep(w, 8, 'layer'));
      const [unit] = await backend.read(step);
      expect(unit).toBeGreaterThan(8 / 127);
      const a = await graph.read(fakeQuantise(x, activationGrid(backend, range, step, 8)));
      const b = await graph.read(fakeQuantise(w, weightGrid(backend, step, 8)));
      a.forEach((value, i) => {
        const steps = (value - b[i]) / unit;
        expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-4);
      });
      graph.close();
    });
  });
}
