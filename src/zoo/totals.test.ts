import { describe, expect, test } from 'vitest';
import {
  released,
  released168,
  releasedTranslation,
  releasedTranslationJuly,
} from '../hardware/accelerators/index.ts';
import { Pricer } from '../hardware/pricer.ts';
import { accumulates, type Workload } from '../hardware/workload.ts';
import { encode } from '../spaces/genotype.ts';
import { networkWorkloads, planNetwork } from '../spaces/layout.ts';
import { decodeTranslation, encodeTranslation } from '../spaces/seq2seq/genotype.ts';
import { seq2seq, seq2seqAttention, seq2seqEnFr } from '../spaces/seq2seq/presets.ts';
import { TranslationPricer } from '../spaces/seq2seq/pricing.ts';
import { networkOf } from '../spaces/seq2seq/space.ts';
import { decoderWorkloads, encoderWorkloads } from '../spaces/seq2seq/workloads.ts';
import { zooNames, zooTask, zooWorkloads } from './index.ts';
import { publishedGenotype, publishedGenotypes } from './published-genotypes.ts';
import { IMAGE_NETWORKS } from './shiftaddnas-image.ts';
import { TRANSLATION_NETWORKS } from './transformers.ts';

const by = { 168: new Pricer(released168), 192: new Pricer(released) };
const translation = new Pricer(releasedTranslation);

describe('image networks of the release', () => {
  test.each([
    ['shiftaddnas-t0-v3', 224, 168, 242.26, 206.4],
    ['shiftaddnas-t0-v3', 256, 168, 310.45, 255.6],
    ['shiftaddnas-t0-v3', 288, 168, 386.57, 257.37],
    ['shiftaddnas-t0-v4', 224, 168, 219.81, 181.06],
    ['shiftaddnas-t0-v4', 256, 192, 281.07, 219.16],
    ['shiftaddnas-t1-v3', 224, 168, 440.62, 387.66],
    ['shiftaddnas-t1-v3', 256, 168, 572.4, 464.79],
    ['shiftaddnas-t1-v4', 224, 192, 413.23, 252.7],
    ['shiftaddnas-t1-v4', 256, 192, 543.01, 428.35],
  ] as const)('spec 9.2: %s at %d with %d elements', (name, resolution, elements, energyMj, latencyMs) => {
    const total = by[elements].totals(zooWorkloads(name, { resolution }));
    expect(Math.abs(total.energyMj - energyMj)).toBeLessThan(0.01);
    expect(Math.abs(total.latencyMs - latencyMs)).toBeLessThan(0.01);
  });

  test.each([
    ['shiftaddnas-t0-v3', 224, 239.38, 144.18],
    ['shiftaddnas-t0-v4', 224, 216.99, 126.49],
    ['shiftaddnas-t1-v3', 224, 435.62, 270.39],
    ['bossnet-t0', 224, 260.27, 149.95],
    ['bossnet-t0', 256, 335.15, 251.27],
    ['bossnet-t1', 224, 601.82, 369.32],
    ['bossnet-t1', 256, 791.27, 613.03],
  ] as const)('spec 9.2, 192 elements throughout: %s at %d', (name, resolution, energyMj, latencyMs) => {
    const total = by[192].totals(zooWorkloads(name, { resolution }));
    expect(Math.abs(total.energyMj - energyMj)).toBeLessThan(0.01);
    expect(Math.abs(total.latencyMs - latencyMs)).toBeLessThan(0.01);
  });

  test.each([
    ['shiftaddnas-t0-all-conv', 283.2, 162.8],
    ['shiftaddnas-t0-all-add', 177.5, 148.2],
    ['shiftaddnas-t0-all-shift', 88.5, 53.0],
  ])('spec 9.2: %s, printed to one decimal', (name, energyMj, latencyMs) => {
    const total = by[192].totals(zooWorkloads(name));
    expect(Math.abs(total.energyMj - energyMj)).toBeLessThan(0.06);
    expect(Math.abs(total.latencyMs - latencyMs)).toBeLessThan(0.06);
  });

  test.each([
    ['shiftaddnas-t0-v3', 3.75],
    ['shiftaddnas-t0-v4', 3.75],
    ['bossnet-t0', 3.45],
  ])('spec 8.5: true multiply-accumulates of %s, G', (name, giga) => {
    const macs = zooWorkloads(name).reduce((sum, load) => sum + accumulates(load), 0);
    expect(Math.abs(macs / 1e9 - giga)).toBeLessThan(0.02);
  });
});

describe('the same networks as genotypes that train', () => {
  test.each([
    ['shiftaddnas-t0-v3', '2-4-5-5:cc|cccc|scadd|aacaa', 2],
    ['shiftaddnas-t0-v4', '2-4-5-5:cc|cscc|scass|aacaa', 2],
    ['shiftaddnas-t1-v3', '2-4-5-5:cc|cccc|scadd|aacaa', 1],
    ['shiftaddnas-t1-v4', '2-4-5-5:cc|cscc|scass|aacaa', 1],
    ['bossnet-t0', '1-1-5-9:c|c|cccac|aaacaaaaa', 2],
    ['bossnet-t1', '1-1-5-9:c|c|cccac|aaacaaaaa', 1],
    ['adder-bossnet-t0', '1-1-5-9:d|d|dddad|aaadaaaaa', 2],
    ['shift-shiftaddnas-t1-v3', '2-4-5-5:ss|ssss|ssadd|aasaa', 1],
    ['shiftaddnas-t0-all-shift', '2-4-5-5:ss|ssss|sssss|sssss', 2],
  ] as const)('%s is %s of hytra, last stride %d, window by window', (name, word, lastStride) => {
    const { space, genotype } = publishedGenotype(name, { taught: true, width: 1 }) ?? expect.fail(name);
    expect(encode(genotype)).toBe(word);
    expect(space.lastStride ?? 2).toBe(lastStride);
    const task = { image: { h: 224, w: 224, c: 3 }, classes: 1000 };
    const sizes = (loads: Workload[]) =>
      loads
        .filter(({ kind }) => kind !== 'vector' && kind !== 'matmul')
        .map(({ kind, n, h, w, c, r, s, m, e, f, stride, groups }) =>
          [kind, n, h, w, c, r, s, m, e, f, stride, groups].join(),
        )
        .sort();
    const planned = networkWorkloads(planNetwork(space, genotype, task));
    expect(sizes(planned)).toEqual(sizes(zooWorkloads(name)));
    const products = (loads: Workload[]) => loads.filter(({ kind }) => kind === 'matmul').map(accumulates);
    expect(products(planned)).toEqual(products(zooWorkloads(name)));
  });
});

test('all published networks train but those of a shift and an adder layer at one place', () => {
  const known = publishedGenotypes();
  expect(Object.keys(IMAGE_NETWORKS).filter((name) => !known.includes(name))).toEqual([
    ...['shiftadd-shiftaddnas-t0-v3', 'shiftadd-shiftaddnas-t0-v4', 'shiftadd-shiftaddnas-t1-v3'],
    ...['shiftadd-shiftaddnas-t1-v4', 'shiftadd-bossnet-t0', 'shiftadd-bossnet-t1'],
  ]);
});

describe('translation networks', () => {
  test.each([
    ['transformer-base-ende', 29.629, 17.873, 39.785, 23.95],
    ['transformer-big-ende', 97.214, 59.144, 117.121, 71.101],
    ['transformer-small-ende', 15.169, 9.03, 20.469, 12.15],
    ['seq2seq-ende-200', 28.38, 17.19, 32.742, 20.54],
    ['seq2seq-ende-350', 38.914, 23.54, 31.125, 19.56],
    ['hat-ende-28.4', 39.369, undefined, 36.398, undefined],
    ['seq2seq-ende-250', 34.966, undefined, 29.528, undefined],
  ] as const)('spec 14.2: %s', (name, encoderMj, encoderMs, decoderMj, decoderMs) => {
    const encoder = translation.totals(encoderWorkloads(TRANSLATION_NETWORKS[name]));
    const decoder = translation.totals(decoderWorkloads(TRANSLATION_NETWORKS[name]));
    expect(Math.abs(encoder.energyMj - encoderMj)).toBeLessThan(0.00051);
    expect(Math.abs(decoder.energyMj - decoderMj)).toBeLessThan(0.00051);
    if (encoderMs !== undefined) expect(Math.abs(encoder.latencyMs - encoderMs)).toBeLessThan(0.0051);
    if (decoderMs !== undefined) expect(Math.abs(decoder.latencyMs - decoderMs)).toBeLessThan(0.0051);
  });

  test.each([
    ['transformer-big-ende-1024', 272.9, 166.2],
    ['hat-ende-25.8', 39.51, 23.83],
    ['hat-ende-26.9', 46.14, 27.82],
    ['hat-ende-27.6', 55.88, 33.72],
    ['hat-ende-27.8', 57.64, 34.76],
    ['hat-ende-28.2', 69.13, 41.7],
    ['hat-ende-28.4', 75.77, 45.7],
    ['seq2seq-ende-100', 41.18, 25.17],
    ['seq2seq-ende-120', 37.3, 22.84],
    ['seq2seq-ende-150', 49.18, 30.22],
    ['seq2seq-ende-180', 56.26, 34.51],
    ['seq2seq-ende-200', 61.12, 37.73],
  ])('spec 9.3: %s', (name, energyMj, latencyMs) => {
    const digits = name.endsWith('1024') ? 0.06 : 0.0101;
    const total = translation.totals(zooWorkloads(name));
    expect(Math.abs(total.energyMj - energyMj)).toBeLessThan(digits);
    expect(Math.abs(total.latencyMs - latencyMs)).toBeLessThan(digits);
  });
});

describe('the same translation networks as words of their space', () => {
  const pricers = {
    seq2seq: new TranslationPricer(seq2seq(), {}, translation),
    'seq2seq-enfr': new TranslationPricer(seq2seqEnFr(), {}, translation),
    'seq2seq-attention': new TranslationPricer(seq2seqAttention(), {}, translation),
  };
  const homes: [RegExp, keyof typeof pricers][] = [
    [/^seq2seq-ende/, 'seq2seq'],
    [/^seq2seq-enfr/, 'seq2seq-enfr'],
    [/^hat-/, 'seq2seq-attention'],
  ];
  const published = Object.entries(TRANSLATION_NETWORKS).flatMap(([name, network]) =>
    homes.flatMap(([pattern, home]) => (pattern.test(name) ? [{ name, network, home }] : [])),
  );

  test.each(published)(
    'spec 7.6: $name is a network of $home, at the same price',
    ({ name, network, home }) => {
      const pricer = pricers[home];
      const genotype = decodeTranslation(pricer.space, encodeTranslation(network));
      expect(networkOf(pricer.space, genotype)).toEqual(network);
      const { energyMj, latencyMs } = translation.totals(zooWorkloads(name));
      const price = pricer.price(genotype);
      expect(Math.abs(price.energyMj / energyMj - 1)).toBeLessThan(1e-12);
      expect(Math.abs(price.latencyMs / latencyMs - 1)).toBeLessThan(1e-12);
    },
  );

  test('there are 12 En-De, 3 as configured, 10 En-Fr and 22 of HAT', () => {
    const counts = homes.map(([, home]) => published.filter((entry) => entry.home === home).length);
    expect(counts).toEqual([15, 10, 22]);
  });
});

describe('older translation records, made with an earlier state of the simulator', () => {
  const july = { 32: new Pricer(releasedTranslationJuly), 8: new Pricer(releasedTranslationJuly, 8) };
  test.each([
    ['lightweight-conv-ende-200', 32, 92.62, 53.59],
    ['lightweight-conv-ende-150', 32, 60.09, 35.1],
    ['seq2seq-ende-300-jul', 32, 100.33, 60.7],
    ['seq2seq-ende-350-jul', 32, 112.3, 68.83],
    ['seq2seq-ende-manual', 32, 80.79, 48.45],
    ['seq2seq-ende-300-jul', 8, 22.61, 15.2],
    ['seq2seq-ende-350-jul', 8, 25.29, 17.23],
  ] as const)('spec 9.3: %s at %d bits', (name, bits, energyMj, latencyMs) => {
    const total = july[bits].totals(zooWorkloads(name));
    expect(Math.abs(total.energyMj - energyMj)).toBeLessThan(0.0101);
    expect(Math.abs(total.latencyMs - latencyMs)).toBeLessThan(0.0101);
  });

  test('row 5 of 300ms_encoder_32bits.csv: a lightweight add filter pays its memory', () => {
    const filter = zooWorkloads('seq2seq-ende-300-jul').find(
      ({ name }) => name === 'encoder.layer4.lightweight.filter',
    );
    const price = july[32].price(filter!);
    expect(price.energyMj).toBeCloseTo(0.036089792, 12);
    expect(price.byLevel.DRAM).toBeCloseTo(0.006464, 12);
    expect(price.latencyMs).toBeCloseTo(0.02048, 12);
  });
});

describe('latency divisors of the release', () => {
  test('one accelerator has both: 3.2 for the shift layers of images, 2 around the filters of translation', () => {
    const both = by[168].totals(zooWorkloads('seq2seq-ende-200'));
    expect(both).toEqual(translation.totals(zooWorkloads('seq2seq-ende-200')));
    expect(Math.abs(both.latencyMs - 37.73)).toBeLessThan(0.0101);
  });
});

describe('plotted latencies that differ from the simulator in one switch', () => {
  const undivided = new Pricer({
    ...releasedTranslation,
    switches: { ...releasedTranslation.switches, lightweightLatencyDivisor: 1 },
  });
  test.each([
    ['seq2seq-ende-250', 64.49, 40.06],
    ['seq2seq-ende-300', 54.1, 33.41],
  ])('spec 9.3: %s with a lightweight latency divisor of 1', (name, energyMj, latencyMs) => {
    const total = undivided.totals(zooWorkloads(name));
    expect(Math.abs(total.energyMj - energyMj)).toBeLessThan(0.0051);
    expect(Math.abs(total.latencyMs - latencyMs)).toBeLessThan(0.0051);
  });
});

describe('the zoo', () => {
  test.each([
    ['resnet-18', 1.81, 11.7],
    ['resnet-50', 4.09, 25.5],
    ['resnet-20', 0.0408, 0.27],
    ['resnet-32', 0.0692, 0.464],
    ['vgg-small', 0.612, 4.65],
  ])('%s has the multiply-accumulates (G) and weights (M) of its papers', (name, giga, mega) => {
    const loads = zooWorkloads(name);
    const macs = loads.reduce((sum, load) => sum + accumulates(load), 0) / 1e9;
    const weights = loads.reduce((sum, load) => sum + load.weights, 0) / 1e6;
    expect(Math.abs(macs / giga - 1)).toBeLessThan(0.03);
    expect(Math.abs(weights / mega - 1)).toBeLessThan(0.03);
  });

  test('variants replace all but the first convolution and the classifier (spec 4.1)', () => {
    const kinds = (name: string) => new Set(zooWorkloads(name).map((load) => load.kind));
    expect(kinds('adder-resnet-20')).toEqual(new Set(['conv', 'add', 'vector', 'linear']));
    expect(kinds('shiftadd-resnet-20')).toEqual(new Set(['conv', 'shift', 'add', 'vector', 'linear']));
    const multiplying = zooWorkloads('shift-resnet-50').filter((load) => load.kind === 'conv');
    expect(multiplying.map((load) => load.name)).toEqual(['stem.conv']);
  });

  test('variants of the published networks replace the windows of their convolution blocks only', () => {
    const count = (name: string, kind: string) =>
      zooWorkloads(name).filter((load) => load.kind === kind).length;
    const [conv, add] = ['bossnet-t0', 'adder-bossnet-t0'].map((name) => count(name, 'conv'));
    expect(count('adder-bossnet-t0', 'add')).toBe(conv - add);
    expect(count('shiftadd-bossnet-t0', 'shift')).toBe(conv - add);
    expect(count('shiftadd-bossnet-t0', 'add')).toBe(conv - add);
    expect(count('shift-bossnet-t0', 'matmul')).toBe(count('bossnet-t0', 'matmul'));
    const blocks = (name: string) =>
      new Set(zooWorkloads(name).flatMap(({ kind, family }) => (kind === 'vector' ? [] : [family])));
    expect(blocks('shift-shiftaddnas-t1-v4')).not.toContain('conv');
    expect(blocks('shift-shiftaddnas-t1-v4')).toContain('attention');
  });

  test('every network can be described and priced', () => {
    const names = zooNames();
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      const total = (zooTask(name) === 'image' ? by[192] : translation).totals(zooWorkloads(name));
      expect(total.energyMj).toBeGreaterThan(0);
    }
  });

  test('an unknown name offers the nearest, a foreign option is refused', () => {
    expect(() => zooWorkloads('shiftaddnas-t1-v5')).toThrow(/did you mean "shiftaddnas-t/);
    expect(() => zooWorkloads('resnet-20', { tokens: 3 })).toThrow(
      /option tokens does not apply to "resnet-20"/,
    );
    expect(() => zooWorkloads('bossnet-t0', { resolution: 3.5 })).toThrow(
      /resolution must be a whole number/,
    );
  });
});
