import { describe, expect, test } from 'vitest';
import {
  asic45,
  findAccelerator,
  released,
  rowstationary45,
  rowstationary45gates,
  zynq7,
} from './accelerators/index.ts';
import { explain } from './explain.ts';
import { Pricer } from './pricer.ts';
import type { Workload, WorkloadKind } from './workload.ts';

const layer = (kind: WorkloadKind, more: Partial<Workload> = {}): Workload => ({
  ...{ name: 'x', kind, family: kind, n: 1, h: 14, w: 14, c: 64, r: 3, s: 3, m: 64, e: 14, f: 14, stride: 1 },
  ...{ groups: 1, weights: 9 * 64 * 64, ...more },
});
const STEPS = 14 * 14 * 64 * 64 * 9;

describe('pricer', () => {
  test('a shape is priced once, whatever its name, and by object, signature and index alike', () => {
    const pricer = new Pricer(released);
    const a = layer('conv');
    const b = layer('conv', { name: 'y', family: 'stem' });
    expect(pricer.price(a)).toBe(pricer.price(b));
    expect(pricer.index(a)).toBe(pricer.index(b));
    expect(pricer.sum([pricer.index(a), pricer.index(b)])).toEqual(pricer.totals([a, b]));
    const network = pricer.priceNetwork([a, b]);
    expect(network.energyMj).toBeCloseTo(2 * pricer.price(a).energyMj, 12);
    expect(Object.keys(network.byFamily)).toEqual(['conv', 'stem']);
    expect(network.layers.map((l) => l.name)).toEqual(['x', 'y']);
    expect(network.areaMm2).toBeUndefined();
  });

  test('a bit width that is not described names the nearest', () => {
    expect(() => new Pricer(released, 16)).toThrow(/no entry units\.16.*32.*use (8|32) bits/);
    expect(() => new Pricer(rowstationary45, 4)).toThrow(/units\.4.*use 8 bits/);
  });
});

describe('honest model rowstationary-45nm', () => {
  const computation = (kind: WorkloadKind, bits: number) =>
    (new Pricer(rowstationary45, bits).price(layer(kind)).byLevel.computation * 1e9) / STEPS;

  test.each([
    ['conv', 4.6, 0.23],
    ['add', 1.8, 0.06],
    ['shift', 1.03, 0.054],
  ] as const)('spec 8.2, corrected: %s pays both operations', (kind, at32, at8) => {
    expect(computation(kind, 32)).toBeCloseTo(at32, 10);
    expect(computation(kind, 8)).toBeCloseTo(at8, 10);
  });

  test('16 bits from the table of spec 8.7: FP16 multiply and add', () => {
    expect(computation('conv', 16)).toBeCloseTo(1.5, 10);
    expect(computation('shift', 16)).toBeCloseTo(0.457, 10);
  });

  test('operators are counted by what they do (spec 13.7)', () => {
    const pricer = new Pricer(rowstationary45);
    const count = (kind: WorkloadKind) => pricer.price(layer(kind)).operations;
    expect(count('conv')).toEqual({ multiplications: STEPS, additions: STEPS, shifts: 0 });
    expect(count('add')).toEqual({ multiplications: 0, additions: 2 * STEPS, shifts: 0 });
    expect(count('shift')).toEqual({ multiplications: 0, additions: STEPS, shifts: STEPS });
  });

  test('depthwise is depthwise; the released model takes it for dense', () => {
    const depthwise = layer('conv', { groups: 64, weights: 9 * 64 });
    const dense = layer('conv');
    expect(new Pricer(released).price(depthwise).energyMj).toBe(new Pricer(released).price(dense).energyMj);
    const honest = new Pricer(rowstationary45);
    expect(honest.price(depthwise).energyMj).toBeLessThan(honest.price(dense).energyMj / 20);
    // Not 64 times faster: so little arithmetic waits for the memory.
    expect(honest.price(depthwise).latencyMs).toBeLessThan(honest.price(dense).latencyMs / 5);
  });

  test('narrower tensors cost less memory, and an adder pays for its memory', () => {
    const memory = (bits: number) => new Pricer(rowstationary45, bits).price(layer('conv')).byTensor;
    expect(memory(16).input).toBeLessThan(memory(32).input);
    expect(memory(8).weight).toBeLessThan(memory(16).weight);
    const adder = new Pricer(rowstationary45).price(layer('add'));
    expect(adder.byLevel.DRAM).toBeGreaterThan(0);
    expect(new Pricer(released).price(layer('add')).byLevel.DRAM).toBe(0);
  });

  test('a memory-bound layer waits for its weights', () => {
    const flat = { h: 1, w: 1, r: 1, s: 1, e: 1, f: 1, c: 2048, m: 1000 };
    const classifier = layer('linear', flat);
    const cycles = new Pricer(rowstationary45).price(classifier).latencyMs * 250e3;
    expect(cycles).toBeGreaterThanOrEqual((2048 * 1000 * 32) / 128);
    expect(cycles).toBeLessThan(((2048 * 1000 + 4096) * 32) / 128);
  });

  test('area follows the operations a network needs (spec 8.7, um2)', () => {
    const pricer = new Pricer(rowstationary45);
    const area = (...kinds: WorkloadKind[]) => pricer.priceNetwork(kinds.map((kind) => layer(kind))).areaMm2;
    expect(area('conv')).toBeCloseTo(192 * (7700 + 4184) * 1e-6, 10);
    expect(area('add')).toBeCloseTo(192 * 2 * 4184 * 1e-6, 10);
    expect(area('shift')).toBeCloseTo(192 * (157 + 4184) * 1e-6, 10);
  });

  test('an accumulator of its own stands in place of the adder that sums', () => {
    const pricer = new Pricer(rowstationary45gates, 8);
    const area = (...kinds: WorkloadKind[]) => pricer.priceNetwork(kinds.map((kind) => layer(kind))).areaMm2;
    const { multiply, add, shift, accumulate = 0 } = rowstationary45gates.areas!['8'];
    expect(accumulate).toBeGreaterThan(0);
    expect(area('conv')).toBeCloseTo(192 * (multiply + accumulate) * 1e-6, 10);
    expect(area('conv', 'shift', 'add')).toBeCloseTo(192 * (multiply + shift + add + accumulate) * 1e-6, 10);
  });

  test('vector work counts: scale and offset of a normalisation', () => {
    const norm = layer('vector', { r: 1, s: 1, groups: 1, vector: { multiplications: 1, additions: 1 } });
    const price = new Pricer(rowstationary45).price(norm);
    const elements = 14 * 14 * 64;
    expect(price.byLevel.computation).toBeCloseTo(elements * 4.6e-9, 15);
    expect(price.byLevel.GB).toBeCloseTo(elements * 2 * 44.4e-9, 12);
    expect(new Pricer(released).price(norm).energyMj).toBe(0);
  });
});

describe('other accelerators', () => {
  test('asic-45nm-arithmetic: #mult x 3.7 + #add x 0.9 pJ (spec 8.7)', () => {
    const price = new Pricer(asic45).price(layer('conv'));
    expect(price.energyMj).toBeCloseTo(STEPS * 4.6e-9, 12);
    expect(price.energyMj).toBe(price.byLevel.computation);
  });

  test('fpga-zynq7-arithmetic: a multiplication costs 196 additions (spec 1.4) and says what is not confirmed', () => {
    expect(zynq7.units['32'].multiply / zynq7.units['32'].add).toBeCloseTo(196, 10);
    expect(zynq7.sources.units).toContain('[U]');
  });

  test('a level between DRAM and the buffer keeps what fits and saves DRAM traffic', () => {
    const outer = [
      { name: 'DRAM', energy: 200 },
      { name: 'L2', energy: 40, words: 1 << 20 },
    ];
    const deeper = { ...rowstationary45, memory: { ...rowstationary45.memory, outer } };
    const flat = new Pricer(rowstationary45).price(layer('conv', { h: 56, w: 56, e: 56, f: 56 }));
    const deep = new Pricer(deeper).price(layer('conv', { h: 56, w: 56, e: 56, f: 56 }));
    expect(deep.energyMj).toBeLessThanOrEqual(flat.energyMj + 1e-12);
    const levels = Object.values(deep.byLevel).reduce((a, b) => a + b, 0);
    expect(levels / deep.energyMj).toBeCloseTo(1, 12);
    expect(Object.keys(deep.byLevel)).toContain('L2');
  });

  test('an unknown name offers the nearest', () => {
    expect(() => findAccelerator('rowstationary-45')).toThrow(/did you mean "rowstationary-45nm"/);
  });
});

test('explain: the steps from released to honest sum to the whole difference', () => {
  const loads = [layer('conv'), layer('add'), layer('shift'), layer('conv', { groups: 64 })];
  const { start, end, steps } = explain(loads, released, rowstationary45);
  const sum = steps.reduce((total, step) => total + step.energyChangeMj, start.energyMj);
  expect(sum).toBeCloseTo(end.energyMj, 10);
  expect(steps.at(-1)?.latencyMs).toBeCloseTo(end.latencyMs, 12);
  const names = steps.map((step) => step.change);
  for (const name of ['depthwisePricing', 'addMemory', 'shiftBits', 'operationsPerAccumulate']) {
    expect(names).toContain(name);
  }
  const dense = steps.find((step) => step.change === 'depthwisePricing');
  expect(dense?.energyChangeMj).toBeLessThan(0);
});
