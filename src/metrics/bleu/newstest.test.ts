/** Real translations: three systems of WMT 2021, English to German, against values that sacreBLEU 2.6.0 gives them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { corpusBleu } from './bleu.ts';
import { corpusChrf } from './chrf.ts';

const folder = join(process.env.SHIFTADDNAS_DATA ?? '', 'newstest2021');
const missing = process.env.SHIFTADDNAS_DATA === undefined || !existsSync(folder);
if (missing) console.log('newstest2021: skipped, SHIFTADDNAS_DATA is not set or has no such folder');

function lines(name: string): string[] {
  const file = join(folder, `newstest2021.en-de.${name}.de.gz`);
  return gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
}

interface System {
  readonly name: string;
  readonly bleu: number;
  readonly two: number;
  readonly lower: number;
  readonly intl: number;
  readonly char: number;
  readonly penalty: number;
  readonly length: number;
  readonly matches: readonly number[];
  readonly chrf: number;
  readonly chrfWords: number;
  readonly chrfTwo: number;
}

const SYSTEMS: readonly System[] = [
  {
    name: 'Online-A',
    ...{ bleu: 29.028, two: 47.5795, lower: 25.6575, intl: 29.917, char: 65.2761 },
    ...{ penalty: 1, length: 28290, matches: [16964, 9478, 5911, 3833] },
    ...{ chrf: 59.3792, chrfWords: 56.3773, chrfTwo: 67.5447 },
  },
  {
    name: 'UF',
    ...{ bleu: 28.4734, two: 47.3368, lower: 24.7211, intl: 29.3776, char: 64.7101 },
    ...{ penalty: 0.990047, length: 27693, matches: [16738, 9269, 5699, 3627] },
    ...{ chrf: 58.8725, chrfWords: 55.8454, chrfTwo: 67.2586 },
  },
  {
    name: 'ICL',
    ...{ bleu: 24.5398, two: 39.02, lower: 20.8051, intl: 25.6228, char: 60.8089 },
    ...{ penalty: 0.970249, length: 27150, matches: [15729, 8076, 4734, 2933] },
    ...{ chrf: 55.195, chrfWords: 52.1128, chrfTwo: 61.7739 },
  },
];

test.skipIf(missing).each(SYSTEMS)(
  'newstest2021 en-de, $name: BLEU and chrF of sacreBLEU 2.6.0 to 4 decimals',
  (system) => {
    const hypotheses = lines(`hyp.${system.name}`);
    const [a, c] = [lines('ref.A'), lines('ref.C')];
    const bleu = corpusBleu(hypotheses, [a]);
    expect(bleu.score.toFixed(4)).toBe(system.bleu.toFixed(4));
    expect(bleu.brevityPenalty.toFixed(6)).toBe(system.penalty.toFixed(6));
    expect(bleu).toMatchObject({
      hypothesisLength: system.length,
      referenceLength: 27970,
      matches: system.matches,
    });
    expect(corpusBleu(hypotheses, [a, c]).score.toFixed(4)).toBe(system.two.toFixed(4));
    const lower = { lowercase: true, tokenise: 'none' } as const;
    expect(corpusBleu(hypotheses, [a], lower).score.toFixed(4)).toBe(system.lower.toFixed(4));
    expect(corpusBleu(hypotheses, [a], { tokenise: 'intl' }).score.toFixed(4)).toBe(system.intl.toFixed(4));
    expect(corpusBleu(hypotheses, [a], { tokenise: 'char' }).score.toFixed(4)).toBe(system.char.toFixed(4));
    expect(corpusChrf(hypotheses, [a]).score.toFixed(4)).toBe(system.chrf.toFixed(4));
    expect(corpusChrf(hypotheses, [a], { wordOrder: 2 }).score.toFixed(4)).toBe(system.chrfWords.toFixed(4));
    expect(corpusChrf(hypotheses, [a, c]).score.toFixed(4)).toBe(system.chrfTwo.toFixed(4));
  },
);
