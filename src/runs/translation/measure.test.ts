/** Scores of translations whose subwords are in lower case. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { Random } from '../../core/random.ts';
import { loadTranslationSpace } from '../../spaces/load.ts';
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import { networkOf, referenceGenotype } from '../../spaces/seq2seq/space.ts';
import { DEFAULT_CONFIG } from '../options.ts';
import { openSentences } from './context.ts';
import { choosePenalty, withPenalty } from './length-penalty.ts';
import { measureTranslator, translateTexts } from './measure.ts';
import { scoreCandidate } from './score-candidate.ts';
import { untrainedSupernet } from './untrained.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'measure-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

async function open(lowerCase: boolean) {
  for (const part of ['train', 'valid', 'test'] as const) {
    const lines = Array.from({ length: 12 }, (_, i) => `A ${'B c D e F'.slice(0, 1 + 2 * (i % 5))} g`);
    for (const language of ['de', 'en']) {
      fs.writeFileSync(join(folder, `${part}.${language}`), `${lines.join('\n')}\n`);
    }
  }
  const small = { pair: 'en-de', space: 'micro-seq2seq', merges: 4, objectives: 'bleu,energy' };
  const config = { ...DEFAULT_CONFIG, data: `parallel:${folder}`, ...small, lowerCase };
  const space = loadTranslationSpace(config.space);
  const subwordsFile = join(folder, `${lowerCase}.json`);
  const settings = { config, space, subwordsFile, checkpoints: folder, saveEvery: 30 };
  const { context, notes } = await openSentences(settings, await openBackend('auto', { threads: 1 }));
  const genotype = referenceGenotype(space, 'A');
  const supernet = untrainedSupernet(context, Random.fromSeed(10));
  const network = networkOf(space, genotype);
  const { valid } = context.encoded;
  /** Its own translations of the held-out sources, in capitals, as what they ought to be. */
  const loud = async (penalty: number) => {
    const own = { ...context, config: withPenalty(config, penalty) };
    const texts = await translateTexts(own, supernet, network, valid.from);
    expect(texts.join(' ')).toMatch(/[a-z]/);
    const { dataset } = context;
    const to = texts.map((text) => text.toUpperCase());
    return { ...context, dataset: { ...dataset, valid: { ...dataset.valid, to } } };
  };
  return { notes, loud, valid, supernet, network, config, genotype };
}

test('translations in lower case are scored without regard to case, and signatures and notes say so', async () => {
  const { notes, loud, valid, supernet, network, config, genotype } = await open(true);
  expect(notes).toContain('BLEU and chrF are those of lower-cased text (case:lc).');
  const context = await loud(config.lengthPenalty);
  const found = await measureTranslator(context, supernet, network, valid, context.dataset.valid);
  expect(found).toMatchObject({ bleu: expect.closeTo(100, 8), chrf: expect.closeTo(100, 8) });
  for (const signature of Object.values(found.signatures ?? {})) expect(signature).toContain('|case:lc|');
  const candidate = { genotype: encodeTranslation(genotype) };
  expect((await scoreCandidate(context, supernet, candidate, () => {})).bleu).toBeGreaterThan(99);
  const long = await loud(4);
  const choices = { ...config, lengthPenalties: '0,0.2,4' };
  expect(await choosePenalty({ ...long, config: choices }, supernet, network, () => {})).toBe(4);
});

test('where case is kept it counts', async () => {
  const { notes, loud, valid, supernet, network, config } = await open(false);
  expect(notes.join()).not.toContain('case:lc');
  const context = await loud(config.lengthPenalty);
  const found = await measureTranslator(context, supernet, network, valid, context.dataset.valid);
  expect(found.bleu).toBeLessThan(50);
  expect(found.signatures?.bleu).toContain('|case:mixed|');
});
