/** The length penalty that a network is measured with. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { Random } from '../../core/random.ts';
import { loadTranslationSpace } from '../../spaces/load.ts';
import { networkOf, referenceGenotype } from '../../spaces/seq2seq/space.ts';
import { extentOf } from '../../supernet/translator/extent.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import { DEFAULT_CONFIG } from '../options.ts';
import { openSentences } from './context.ts';
import { choosePenalty, parsePenalties, withPenalty } from './length-penalty.ts';
import { measureTranslator } from './measure.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'penalty-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

test('penalties are numbers that rise', () => {
  expect(parsePenalties('none')).toEqual([]);
  expect(parsePenalties('0, 0.6,1')).toEqual([0, 0.6, 1]);
  for (const text of ['', '1,0.5', '1,1', '-1', '11', '0.6,,1', 'much']) {
    expect(() => parsePenalties(text), text).toThrow(/--length-penalties are numbers from 0 to 10 that rise/);
  }
});

/** Sentences of 1 to 8 letters, whose translations repeat them. */
function writePairs(): void {
  const random = Random.fromSeed('letters');
  for (const [part, count] of [
    ['train', 40],
    ['val', 12],
    ['test', 4],
  ] as const) {
    const lines = Array.from({ length: count }, () =>
      Array.from({ length: 1 + random.integer(8) }, () => 'abc'[random.integer(3)]).join(' '),
    );
    for (const language of ['de', 'en']) {
      fs.writeFileSync(join(folder, `${part}.${language}`), `${lines.join('\n')}\n`);
    }
  }
}

describe('of several, a network takes', async () => {
  writePairs();
  const backend = await openBackend('auto', { threads: 1 });
  const config = {
    ...DEFAULT_CONFIG,
    data: `parallel:${folder}`,
    pair: 'en-de',
    space: 'micro-seq2seq',
    merges: 4,
  };
  const space = loadTranslationSpace(config.space);
  const settings = {
    config,
    space,
    subwordsFile: join(folder, 'subwords.json'),
    checkpoints: folder,
    saveEvery: 30,
  };
  const { context } = await openSentences(settings, backend);
  const network = networkOf(space, referenceGenotype(space, 'A'));
  const { norm, subwords, sharingAlone: sharing, dataset, encoded } = context;
  const size = { extent: extentOf(network), vocabulary: subwords.size, norm, longest: config.longest };
  const translatorOf = (seed: number) => new Translator(backend, { ...size, sharing }, Random.fromSeed(seed));
  const between = () => {};
  const chosen = (translator: Translator, lengthPenalties: string) =>
    choosePenalty({ ...context, config: { ...config, lengthPenalties } }, translator, network, between);

  // weights drawn so that one translates best when it is brief, one at 1 and above, one when it is long
  test.each([16, 5, 56])(
    'the one with the best held-out BLEU, and of equals the lowest (%i)',
    async (seed) => {
      const translator = translatorOf(seed);
      const penalties = [0, 0.2, 1, 4];
      const scores: number[] = [];
      for (const penalty of penalties) {
        const own = { ...context, config: withPenalty(config, penalty) };
        const found = await measureTranslator(own, translator, network, encoded.valid, dataset.valid);
        scores.push(found.bleu);
      }
      expect(new Set(scores).size).toBeGreaterThan(1);
      const best = penalties[scores.indexOf(Math.max(...scores))];
      expect(await chosen(translator, penalties.join())).toBe(best);
      translator.dispose();
    },
  );

  test('the only one there is, or that of the run', async () => {
    const translator = translatorOf(1);
    expect(await chosen(translator, '3')).toBe(3);
    expect(await chosen(translator, 'none')).toBe(config.lengthPenalty);
    translator.dispose();
  });
});
