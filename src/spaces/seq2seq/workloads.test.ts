/** Workloads of translation networks: what they weigh, and how a block is put together. */
import { describe, expect, test } from 'vitest';
import { accumulates, type Workload } from '../../hardware/workload.ts';
import { PUBLISHED_WINDOWS, type SequenceBlock, type TranslationNetwork } from './network.ts';
import { decoderWorkloads, encoderWorkloads, translationWorkloads } from './workloads.ts';

const plain = (block: SequenceBlock, gated = false, standardised = false): TranslationNetwork => ({
  ...{ encoder: 8, decoder: 12, attention: 16, windows: PUBLISHED_WINDOWS, gated, standardised },
  encoderLayers: [{ block, heads: 2, feedForward: 20 }],
  decoderLayers: [{ block, heads: 2, crossHeads: 4, sources: 1, feedForward: 24 }],
});
const named = (loads: readonly Workload[], name: string) =>
  loads.find((load) => load.name === name) ?? expect.fail(name);
const macs = (loads: readonly Workload[]) => loads.reduce((sum, load) => sum + accumulates(load), 0);

describe('a block', () => {
  test.each([
    ['A', ['self.query', 'self.key', 'self.value', 'self.scores', 'self.softmax', 'self.mix', 'self.out']],
    ['C', ['lightweight.in', 'lightweight.filter', 'lightweight.out']],
    ['S', ['lightweight.in', 'lightweight.shift', 'lightweight.filter', 'lightweight.out']],
  ] as const)('%s is its parts and a norm', (block, parts) => {
    const names = encoderWorkloads(plain(block)).map(({ name }) => name.replace('encoder.layer1.', ''));
    expect(names.slice(0, names.indexOf('feed.in'))).toEqual([...parts, 'self.norm']);
  });

  test('standardised sums of distances cost a norm without weights; convolutions have none', () => {
    const norms = (block: SequenceBlock) =>
      encoderWorkloads(plain(block, false, true)).filter(({ name }) => name.endsWith('lightweight.norm'));
    expect(norms('C')).toEqual([]);
    expect(norms('A')).toEqual([]);
    for (const block of ['D', 'S', 'AD'] as const) {
      expect(norms(block)).toMatchObject([{ kind: 'vector', c: block === 'AD' ? 4 : 8 }]);
    }
  });

  test('two branches take half of the channels each, attention at its full inner width', () => {
    const loads = encoderWorkloads(plain('AD'));
    expect(named(loads, 'encoder.layer1.self.query')).toMatchObject({ c: 4, m: 16 });
    expect(named(loads, 'encoder.layer1.self.out')).toMatchObject({ c: 16, m: 4 });
    expect(named(loads, 'encoder.layer1.lightweight.filter')).toMatchObject({ kind: 'add', c: 4, r: 3 });
    expect(named(loads, 'encoder.layer1.self.norm')).toMatchObject({ c: 8 });
  });

  test('a gate doubles the layer before the filter, which alone then has twice the weights', () => {
    const [without, gated] = [encoderWorkloads(plain('C')), encoderWorkloads(plain('C', true))];
    expect(named(gated, 'encoder.layer1.lightweight.in').m).toBe(16);
    expect(macs(gated) - macs(without)).toBe(30 * 8 * 8);
    expect(named(gated, 'encoder.layer1.lightweight.gate').kind).toBe('vector');
  });

  test('shifts are one layer of a shift-add block; the linears around it multiply (spec 7.2)', () => {
    const kinds = encoderWorkloads(plain('S')).flatMap(({ name, kind }) =>
      name.includes('lightweight') ? [kind] : [],
    );
    expect(kinds).toEqual(['linear', 'shift', 'add', 'linear']);
  });

  test('more sources are more keys, and no more weights', () => {
    const one = plain('A');
    const decoderLayers = one.decoderLayers.map((layer) => ({ ...layer, sources: 3 as const }));
    const [near, far] = [decoderWorkloads(one), decoderWorkloads({ ...one, decoderLayers })];
    expect(named(far, 'decoder.layer1.cross.key').n).toBe(90);
    expect(named(far, 'decoder.layer1.cross.scores')).toMatchObject({ n: 120, c: 4, m: 90 });
    const weights = (loads: readonly Workload[]) => loads.reduce((sum, load) => sum + load.weights, 0);
    expect(weights(far)).toBe(weights(near));
  });

  test('windows follow the layer, and the last one stays', () => {
    const [layer] = plain('C').encoderLayers;
    const deep = { ...plain('C'), windows: [3, 5], encoderLayers: [layer, layer, layer] };
    const windows = encoderWorkloads(deep).flatMap(({ role, r }) =>
      role === 'lightweight-filter' ? [r] : [],
    );
    expect(windows).toEqual([3, 5, 5]);
  });
});

test.each([0, 2.5])('%d tokens are refused', (tokens) => {
  expect(() => translationWorkloads(plain('A'), tokens)).toThrow(/whole number of at least 1.*give 30/);
});
