/** Translation spaces as data: files, faults in them, exact counts. */
import { describe, expect, test } from 'vitest';
import { loadAnySpace, loadSpace, loadTranslationSpace } from '../load.ts';
import { countTranslation } from './count.ts';
import { drawTranslationSpace } from './picture.ts';
import { multi30k, numbers, seq2seq, seq2seqAttention, seq2seqEnFr, TRANSLATION_PRESETS } from './presets.ts';
import { parseTranslationSpace } from './schema.ts';
import { isTranslationSpace, referenceGenotype } from './space.ts';

const plain = () => JSON.parse(JSON.stringify(numbers()));

describe('count', () => {
  // Widths x widths x (values of an encoder layer) ^ 6 x sum over depths of (values of a decoder layer) ^ depth.
  const space = (widths: bigint, encoderLayer: bigint, decoderLayer: bigint) =>
    widths ** 2n *
    encoderLayer ** 6n *
    [1n, 2n, 3n, 4n, 5n, 6n].reduce((sum, depth) => sum + decoderLayer ** depth, 0n);

  test('spec 7.1: about 2.1e28 networks for English-German', () => {
    expect(countTranslation(seq2seq())).toBe(space(3n, 7n * 3n * 4n, 4n * 3n * 3n * 3n * 4n));
    expect(countTranslation(seq2seq())).toBe(20598101001681317971984318464n);
  });
  test('spec 7.1: about 3.7e27 for English-French', () => {
    expect(countTranslation(seq2seqEnFr())).toBe(space(3n, 7n * 3n * 4n, 4n * 3n * 3n * 3n * 3n));
    expect(countTranslation(seq2seqEnFr())).toBe(3668856917320566368461209600n);
  });
  test("spec 7.1: about 4.2e14 in HAT's", () => {
    expect(countTranslation(seq2seqAttention())).toBe(space(2n, 2n * 3n, 2n * 2n * 3n * 3n));
    expect(countTranslation(seq2seqAttention())).toBe(417846678672384n);
  });
  test('several encoder depths add up', () => {
    const sides = [2n * (42n ** 3n + 42n ** 4n), 2n * (252n + 252n ** 2n + 252n ** 3n + 252n ** 4n)];
    expect(countTranslation(multi30k())).toBe(sides[0] * sides[1]);
  });
});

describe('a space from a file', () => {
  test.each(Object.keys(TRANSLATION_PRESETS))('%s survives being written and read', (name) => {
    const space = TRANSLATION_PRESETS[name]();
    expect(space.name).toBe(name);
    expect(parseTranslationSpace(JSON.parse(JSON.stringify(space)))).toEqual(space);
  });

  test('may leave out windows, gate and reference', () => {
    const { windows: _windows, gated: _gated, reference: _reference, ...rest } = plain();
    const space = parseTranslationSpace(rest);
    expect(space).toMatchObject({ windows: [3, 7, 15, 31, 31, 31], gated: false });
    expect(space.reference.decoder).toEqual({
      ...{ width: 64, layers: 2, heads: 4, feedForward: 128, crossHeads: 4, sources: 1 },
    });
    const partly = parseTranslationSpace({ ...rest, reference: { decoder: { layers: 1 } } });
    expect(partly.reference.decoder).toEqual({ ...space.reference.decoder, layers: 1 });
  });

  type Plain = ReturnType<typeof plain>;
  const cases: [string, (space: Plain) => void, string][] = [
    ['an unknown key', (s) => (s.atention = 4), "my.json: unknown key 'atention'; did you mean 'attention'?"],
    [
      'an unknown key of a side',
      (s) => (s.decoder.crosHeads = [4]),
      "my.json, decoder: unknown key 'crosHeads'; did you mean 'crossHeads'?",
    ],
    [
      'an unknown key of the reference',
      (s) => (s.reference.encoder.sources = 1),
      'my.json, reference.encoder: unknown key',
    ],
    [
      'an unknown block',
      (s) => (s.encoder.block[2] = 'ADD'),
      'encoder.block[2]: must be one of A, C, D, S, AC, AD, AS, got "ADD"',
    ],
    ['a missing choice', (s) => delete s.decoder.crossHeads, 'decoder.crossHeads: this key is missing'],
    ['four sources', (s) => (s.decoder.sources = [1, 4]), 'decoder.sources[1]: 1, 2 or 3'],
    ['another kind', (s) => (s.kind = 'image'), 'kind: must be one of translation, got "image"'],
    ['no depths', (s) => (s.decoder.layers = []), 'decoder.layers: the list is empty'],
    ['a value twice', (s) => (s.encoder.width = [32, 32]), 'encoder.width: 32 is listed twice'],
    [
      'an even window',
      (s) => (s.windows = [3, 4]),
      'windows[1]: the window must be odd to be centred, got 4',
    ],
    ['no windows', (s) => (s.windows = []), 'windows: the list is empty'],
    ['an odd width', (s) => (s.encoder.width = [33]), 'encoder.width[0]: positions are encoded in pairs'],
    [
      'heads that do not divide the attention width',
      (s) => (s.decoder.crossHeads = [2, 3]),
      'decoder.crossHeads[1]: heads must divide the attention width of 64, got 3',
    ],
    [
      'heads that do not divide the channels of a filter',
      (s) => (s.encoder.width = [64, 34]),
      'encoder.heads[1]: heads must divide the 34 channels that the filter of block C has at a width of 34, got 4',
    ],
    [
      'heads that do not divide half of the channels',
      (s) => Object.assign(s.decoder, { width: [36, 64], heads: [4] }),
      'decoder.heads[0]: heads must divide the 18 channels that the filter of block AC has at a width of 36, got 4',
    ],
    [
      'more sources than encoder layers',
      (s) => (s.encoder.layers = [1, 2]),
      'decoder.sources[1]: the last 2 encoder layers can be attended to where there are as many, but an encoder may have 1',
    ],
    [
      'a reference outside of the choices',
      (s) => (s.reference.decoder.layers = 5),
      'reference.decoder.layers: 5 is not among the choices of the space; use one of 1, 2',
    ],
    ['too many layers', (s) => (s.decoder.layers = [1, 2, 1001]), 'decoder.layers[2]: at most 1000'],
  ];
  test.each(cases)('with %s is refused', (_, spoil, message) => {
    const space = plain();
    spoil(space);
    expect(() => parseTranslationSpace(space, 'my.json')).toThrow(message);
  });

  test('an attention-only space has no filters to split', () => {
    const side = { block: ['A'], width: [36], heads: [8] };
    const space = plain();
    Object.assign(space.encoder, side);
    Object.assign(space.decoder, side, { crossHeads: [8] });
    delete space.reference;
    expect(countTranslation(parseTranslationSpace(space))).toBe(2n ** 2n * (4n + 4n ** 2n));
  });
});

describe('by name', () => {
  test('either kind is found, and each asked for alone', () => {
    expect(isTranslationSpace(loadAnySpace('multi30k'))).toBe(true);
    expect(isTranslationSpace(loadAnySpace('cifar'))).toBe(false);
    expect(loadTranslationSpace('multi30k')).toEqual(multi30k());
    expect(() => loadSpace('multi30k')).toThrow(/'multi30k' holds translation networks.*images is needed/);
    expect(() => loadTranslationSpace('cifar')).toThrow(/'cifar' holds networks for images.*multi30k/);
    expect(() => loadAnySpace('multi30')).toThrow("no space named 'multi30'; did you mean 'multi30k'?");
  });
});

describe('the picture', () => {
  test.each(Object.keys(TRANSLATION_PRESETS))('%s is well-formed and has no missing number', (name) => {
    const svg = drawTranslationSpace(TRANSLATION_PRESETS[name]());
    expect(svg).not.toMatch(/NaN|undefined|Infinity|\[object|url\(|@import|href/);
    expect(svg.match(/<(rect|text|path|line)\b/g)?.length).toBe(svg.match(/\/>|<\/text>|<\/rect>/g)?.length);
  });

  test('shows the exact count, the blocks of both sides and the share of every pair of depths', () => {
    const svg = drawTranslationSpace(seq2seq());
    expect(svg).toContain('20,598,101,001,681,317,971,984,318,464 architectures');
    // Attention stands in 4 + 4 blocks, each lightweight kind in 2 + 1.
    expect(svg.match(/class="attention"/g)).toHaveLength(8);
    expect(svg.match(/class="(conv|add|shift)"/g)).toHaveLength(9);
    expect(svg.match(/class="bar"/g)).toHaveLength(6);
  });
});

test('the reference has one block everywhere', () => {
  const space = numbers();
  const genotype = referenceGenotype(space, 'C', 'AC');
  expect(genotype.encoderLayers.map(({ block }) => block)).toEqual(['C', 'C']);
  expect(genotype.decoderLayers[1]).toEqual({
    ...{ block: 'AC', heads: 4, crossHeads: 4, sources: 1, feedForward: 128 },
  });
});
