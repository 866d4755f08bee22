/** Words of translation genotypes, numbers, draws and moves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { countTranslation } from './count.ts';
import { translationFeatures } from './features.ts';
import {
  decodeTranslation,
  encodeTranslation,
  parseTranslationWord,
  validateTranslation,
} from './genotype.ts';
import {
  crossTranslation,
  mutateTranslation,
  PUBLISHED_TRANSLATION_RATES,
  translationNeighbours,
} from './moves.ts';
import type { TranslationGenotype } from './network.ts';
import { translationAt, translationNumber } from './number.ts';
import { microSeq2seq, multi30k, seq2seq } from './presets.ts';
import { sampleTranslation } from './sample.ts';
import { parseTranslationSpace } from './schema.ts';

const WORD = '512-768:A8f1024.AD8f3072.C4f1024.A8f1024.S16f1024.A8f4096|A16x8s3f4096.AC8x4s1f1024';

describe('a word', () => {
  test('says every gene', () => {
    const genotype = decodeTranslation(seq2seq(), WORD);
    expect(genotype.encoder).toBe(512);
    expect(genotype.decoder).toBe(768);
    expect(genotype.encoderLayers[1]).toEqual({ block: 'AD', heads: 8, feedForward: 3072 });
    expect(genotype.decoderLayers[0]).toEqual({
      ...{ block: 'A', heads: 16, crossHeads: 8, sources: 3, feedForward: 4096 },
    });
    expect(encodeTranslation(genotype)).toBe(WORD);
  });

  test('read and written again is itself, for any network', () => {
    const seeds = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(seeds, (seed) => {
        const genotype = sampleTranslation(seq2seq(), Random.fromSeed(seed), 'tuples');
        expect(decodeTranslation(seq2seq(), encodeTranslation(genotype))).toEqual(genotype);
      }),
    );
  });

  const one = (layer: string, decoder = 'A8x8s1f1024') => `512-512:${layer}|${decoder}`;
  test.each([
    ['2-3:cc|cas', 'character 1: this is a genotype of an image space'],
    ['A8f1024|A8x8s1f1024', 'character 1: it starts with the embedding widths'],
    ['512-512:A8f1024', "character 16: encoder and decoder are parted by one '|', but there are 0"],
    [
      one('A8f1024.B8f1024'),
      "character 17: encoder layer 2 needs a block, one of A, C, D, S, AC, AD, AS here, but there is 'B8f1024'",
    ],
    [one('A8'), "character 11: encoder layer 1 needs 'f' and the feed-forward width here, but it ends"],
    [one('A8f1024.'), 'character 17: encoder layer 2 needs a block'],
    [one('A8f1024x'), "character 16: encoder layer 1 is complete, but there is 'x'"],
    [one('A08f1024'), "character 10: encoder layer 1 needs a number of heads here, but there is '08f1024'"],
    [
      one('A8f1024', 'A8f1024'),
      "character 19: decoder layer 1 needs 'x' and the number of heads to the encoder here",
    ],
    [one('A8f1024', 'A8x8s4f1024'), "character 21: decoder layer 1 needs 's' and 1, 2 or 3 encoder layers"],
  ])('%s is refused where it is wrong', (word, message) => {
    expect(() => parseTranslationWord(word)).toThrow(message);
  });

  test.each([
    [WORD.replace('768', '640'), 'the decoder has an embedding width of 640, but space'],
    [WORD.replace('.A8f4096|', '|'), 'the encoder has 5 layers, but space'],
    [WORD.replace('C4', 'C5'), 'encoder layer 3 has 5 heads, but space'],
    [WORD.replace('AC8x4', 'C8x4'), "decoder layer 2 has block C, but space 'seq2seq' allows A, AC, AD, AS"],
    [WORD.replace('s1f1024', 's1f512'), 'decoder layer 2 has 512 feed-forward channels, but space'],
  ])('%s is of another space', (word, message) => {
    expect(() => decodeTranslation(seq2seq(), word)).toThrow(message);
  });
});

/** Small enough to walk: (6 + 6 ^ 2) x (2 + 2 ^ 2) networks. */
const walked = parseTranslationSpace({
  ...microSeq2seq(),
  name: 'walked',
  encoder: { ...microSeq2seq().encoder, layers: [1, 2], block: ['C', 'AD', 'S'] },
  decoder: { ...microSeq2seq().decoder, width: [8], block: ['A', 'AS'], feedForward: [16], sources: [1] },
  reference: { decoder: { layers: 1 } },
});
const total = Number(countTranslation(walked));
const all = Array.from({ length: total }, (_, i) => translationAt(walked, BigInt(i)));

describe('numbers', () => {
  test('every number is another network of the space, and the inverse finds it', () => {
    expect(total).toBe((6 + 36) * (2 + 4));
    expect(new Set(all.map(encodeTranslation)).size).toBe(total);
    all.forEach((genotype, i) => {
      validateTranslation(walked, genotype);
      expect(translationNumber(walked, genotype)).toBe(BigInt(i));
    });
    expect(() => translationAt(walked, BigInt(total))).toThrow(`numbers its architectures 0 to ${total - 1}`);
  });

  test('reach the ends of the published space', () => {
    for (const index of [0n, 1n, 10n ** 27n, countTranslation(seq2seq()) - 1n])
      expect(translationNumber(seq2seq(), translationAt(seq2seq(), index))).toBe(index);
  });
});

describe('draws', () => {
  const drawn = (mode: 'architectures' | 'tuples', count: number) => {
    const random = Random.fromSeed(mode);
    return Array.from({ length: count }, () => sampleTranslation(walked, random, mode));
  };

  test('every architecture is equally likely (252 of them, 25,200 draws, five standard deviations)', () => {
    const counts = new Map<string, number>();
    for (const genotype of drawn('architectures', 100 * total)) {
      const word = encodeTranslation(genotype);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    expect(counts.size).toBe(total);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  test('or every pair of depths (4 of them, 4,000 draws, five standard deviations)', () => {
    const counts = new Map<string, number>();
    for (const { encoderLayers, decoderLayers } of drawn('tuples', 4000)) {
      const pair = `${encoderLayers.length}-${decoderLayers.length}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    expect(counts.size).toBe(4);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(137);
  });
});

/** Genes of two networks that differ, layers that only one has left out. */
function differing(a: TranslationGenotype, b: TranslationGenotype): number {
  const [left, right] = [a, b].map((genotype) => new Set(translationFeatures(genotype)));
  return [...left].filter((word) => /\.|width|#/.test(word) && !right.has(word)).length;
}

describe('moves', () => {
  test('stay in the space', () => {
    const random = Random.fromSeed(3);
    for (let i = 0; i < 300; i++) {
      const [a, b] = [sampleTranslation(multi30k(), random, 'tuples'), sampleTranslation(multi30k(), random)];
      validateTranslation(multi30k(), mutateTranslation(multi30k(), a, random));
      validateTranslation(multi30k(), crossTranslation(multi30k(), a, b, random));
    }
  });

  test('spec 7.5: mutation redraws three genes in ten, of which some draw the same', () => {
    const random = Random.fromSeed(4);
    const parent = decodeTranslation(seq2seq(), WORD);
    let heads = 0;
    for (let i = 0; i < 4000; i++) {
      const child = mutateTranslation(seq2seq(), parent, random, PUBLISHED_TRANSLATION_RATES);
      if (child.encoderLayers[0].heads !== parent.encoderLayers[0].heads) heads++;
    }
    // Three values: 0.3 x 2 / 3; five standard deviations.
    expect(Math.abs(heads - 800)).toBeLessThan(5 * Math.sqrt(4000 * 0.2 * 0.8));
  });

  test('a mutation that changes the depth alone keeps the layers that stay', () => {
    const random = Random.fromSeed(5);
    const parent = sampleTranslation(multi30k(), random, 'tuples');
    for (let i = 0; i < 2000; i++) {
      const child = mutateTranslation(multi30k(), parent, random, { gene: 0.02, replacement: 0 });
      const [before, after] = [parent.decoderLayers, child.decoderLayers];
      if (before.length === after.length) continue;
      const kept = Math.min(before.length, after.length);
      const changed = after.slice(0, kept).filter((layer, j) => layer.block !== before[j].block).length;
      expect(changed).toBeLessThan(kept);
      return;
    }
    expect.fail('2000 mutations changed no depth');
  });

  test('replacement is a fresh network', () => {
    const [a, b] = [Random.fromSeed(6), Random.fromSeed(6)];
    const parent = decodeTranslation(seq2seq(), WORD);
    const child = mutateTranslation(seq2seq(), parent, a, { gene: 0, replacement: 1, sampling: 'tuples' });
    b.boolean();
    expect(child).toEqual(sampleTranslation(seq2seq(), b, 'tuples'));
  });

  test('a child has every gene from a parent', () => {
    const random = Random.fromSeed(7);
    for (let i = 0; i < 200; i++) {
      const [a, b] = [0, 1].map(() => sampleTranslation(multi30k(), random, 'tuples'));
      const parents = new Set([...translationFeatures(a), ...translationFeatures(b)]);
      for (const word of translationFeatures(crossTranslation(multi30k(), a, b, random)))
        expect(parents).toContain(word);
    }
  });

  test('neighbours are all networks that differ in one gene, and those with a layer more or less', () => {
    const space = walked;
    for (const genotype of all.slice(0, 60)) {
      const near = translationNeighbours(space, genotype).map(encodeTranslation);
      expect(new Set(near).size).toBe(near.length);
      const depths = ({ encoderLayers, decoderLayers }: TranslationGenotype) =>
        `${encoderLayers.length}-${decoderLayers.length}`;
      const oneGene = all.filter(
        (other) => depths(other) === depths(genotype) && differing(other, genotype) === 1,
      );
      for (const other of oneGene) expect(near).toContain(encodeTranslation(other));
      const moved = near.length - oneGene.length;
      const encoder = genotype.encoderLayers.length === 1 ? 3 : 1;
      expect(moved).toBe(encoder + (genotype.decoderLayers.length === 1 ? 2 : 1));
    }
  });
});
