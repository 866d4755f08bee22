/** Real text, where SHIFTADDNAS_DATA says it is: Multi30k, a part of WMT's training text, IWSLT's test sets. */

import { readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { TokenBatches } from './batches.ts';
import { encodePairs } from './encode.ts';
import { openTranslation } from './open.ts';
import { Subwords } from './subwords.ts';
import { many } from './testing/folder.ts';

const data = process.env.SHIFTADDNAS_DATA;
if (data === undefined) console.log('real text: skipped, SHIFTADDNAS_DATA is not set');

describe.skipIf(data === undefined)('real text', () => {
  test('Multi30k: 29000, 1014 and 1000 pairs, as its README says; learned subwords; the share of padding', async () => {
    const set = await openTranslation(`parallel:${data}/multi30k`, { pair: 'en-de' });
    expect([set.train, set.valid, set.test].map((pairs) => pairs.from.length)).toEqual([29000, 1014, 1000]);
    expect(set.notes).toEqual([]);
    expect(set.train.from[0]).toBe('Two young, White males are outside near many bushes.');
    const subwords = new Subwords(Subwords.learn(set.train, { pair: set.pair, merges: 8000 }));
    expect(subwords.model.merges).toHaveLength(8000);
    const test = encodePairs(set.test, subwords, { pair: set.pair, name: 'test' });
    expect(test.notes).toEqual([]);
    const same = (['from', 'to'] as const).map(
      (side) =>
        set.test[side].filter((text, i) => {
          const language = set.pair[side];
          return subwords.decode(test[side][i], language) === text.replace(/\s+/gu, ' ');
        }).length,
    );
    // the other lines have a space before a full stop or an apostrophe, or hold # 8
    expect(Math.min(...same)).toBeGreaterThanOrEqual(997);
    const train = encodePairs(set.train, subwords, { pair: set.pair, name: 'train', beyond: 'leave out' });
    const batches = new TokenBatches({ pairs: train, tokens: 4096, random: Random.fromSeed(1) });
    let asked = 0;
    let padded = 0;
    for (let i = 0; i < batches.stepsPerEpoch; i++) {
      const batch = batches.batch(0, i);
      asked += batch.tokens + batch.sourceLengths.reduce((sum, length) => sum + length, 0);
      padded += batch.count * (batch.sourceLength + batch.targetLength);
    }
    console.log(
      `Multi30k in batches of 4096 tokens: ${((100 * (padded - asked)) / padded).toFixed(1)} % padding`,
    );
    expect(asked / padded).toBeGreaterThan(0.9);
  });

  test('the training text of OpenNMT: one empty English line, tokenised and escaped', async () => {
    const set = await openTranslation(`parallel:${data}/wmt-ende-10k`);
    expect(set.notes.join(' ')).toMatch(
      /1 of 10000 sentence pairs have an empty line and are left out \(line 5\)/,
    );
    expect([set.train, set.valid, set.test].map((pairs) => pairs.from.length)).toEqual([8999, 500, 500]);
    const all = [...set.train.from, ...set.train.to].join('\n');
    expect(all).not.toMatch(/&(?:apos|quot|amp);/);
    expect(all).toContain("Parliament's legislative prerogative");
  });

  test("IWSLT: the 6750 pairs that IWSLT'14 is tested with", async () => {
    const place = await mkdtemp(join(tmpdir(), 'iwslt-'));
    try {
      for (const name of readdirSync(join(data!, 'iwslt16-dev-test'))) {
        await symlink(resolve(data!, 'iwslt16-dev-test', name), join(place, name));
      }
      for (const language of ['de', 'en']) {
        await writeFile(join(place, `train.tags.de-en.${language}`), many('Zahl', 50).join('\n'));
      }
      const set = await openTranslation(`iwslt14:${place}`);
      expect(set.test.from).toHaveLength(6750);
      expect(set.test.to).toHaveLength(6750);
      const english = set.test.to.join('\n');
      expect(english).not.toMatch(/<\/?seg/);
      expect(set.test.from[887 + 1165]).toMatch(/^Als Steve Lopez, Kolumnist der Los Angeles Times/);
    } finally {
      await rm(place, { recursive: true });
    }
  });
});
