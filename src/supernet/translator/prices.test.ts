/** A space's pricer counts the parameters that a translator of the genotype has. */
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import { multi30k, networkOf, sampleTranslation, TranslationPricer } from '../../spaces/seq2seq/index.ts';
import { DEFAULT_SHARING } from '../sharing.ts';
import { countTranslator } from './declarations.ts';
import { extentOf } from './extent.ts';

test('priced parameters are those of the network alone, normalised behind its sublayers', () => {
  const space = multi30k();
  const vocabulary = 1000;
  const pricer = new TranslationPricer(
    space,
    { vocabulary },
    new Pricer(findAccelerator('rowstationary-45nm')),
  );
  // Nothing shared and no scale learned: what sharing adds is the translator's own.
  const sharing = {
    ...DEFAULT_SHARING,
    families: [],
    adder: { ...DEFAULT_SHARING.adder, kind: 'fixed' },
  } as const;
  const random = Random.fromSeed('parameters');
  for (let i = 0; i < 30; i++) {
    const genotype = sampleTranslation(space, random, 'tuples');
    const extent = extentOf(networkOf(space, genotype));
    const { total } = countTranslator({ extent, vocabulary, norm: 'post' }, sharing);
    expect(pricer.price(genotype).params).toBe(total);
  }
});
