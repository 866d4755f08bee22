import fc from 'fast-check';
import { expect, test } from 'vitest';
import { version } from '../../version.ts';
import { type BleuOptions, corpusBleu, sentenceBleu } from './bleu.ts';

const HYPOTHESES = [
  'Der Zug fährt um 7.30 Uhr ab, nicht um 8 Uhr.',
  'Das kostet 1.250 €!',
  'Ein Hund läuft über die Wiese',
];
const FIRST = [
  'Der Zug fährt um 7.30 Uhr ab und nicht um 8 Uhr.',
  'Das kostet 1.250 € (netto)!',
  'Ein brauner Hund rennt über die Wiese.',
];
const SECOND = [
  'Um 7.30 Uhr fährt der Zug ab, nicht um 8.',
  'Es kostet 1.250 €.',
  'Ein Hund läuft auf der Wiese.',
];

const GOLDEN: readonly (readonly [BleuOptions, number, number])[] = [
  [{}, 53.373364, 77.319612],
  [{ tokenise: 'intl' }, 53.373364, 75.076071],
  [{ tokenise: 'char' }, 67.978911, 96.096869],
  [{ tokenise: 'none' }, 45.657987, 61.24984],
  [{ lowercase: true }, 53.373364, 77.319612],
  [{ smooth: 'add-k' }, 54.998213, 78.498371],
  [{ smooth: 'add-k', smoothValue: 0.5 }, 54.214077, 77.929247],
  [{ smooth: 'none' }, 53.373364, 77.319612],
];

test('three sentences, one and two references, every option: values of sacreBLEU 2.6.0', () => {
  for (const [options, one, two] of GOLDEN) {
    expect(corpusBleu(HYPOTHESES, [FIRST], options).score, JSON.stringify(options)).toBeCloseTo(one, 5);
    expect(corpusBleu(HYPOTHESES, [FIRST, SECOND], options).score).toBeCloseTo(two, 5);
  }
});

test('single sentences by effective order: values of sacreBLEU 2.6.0', () => {
  const values = [76.116060033, 38.806842948, 24.598127518];
  HYPOTHESES.forEach((hypothesis, i) => {
    expect(sentenceBleu(hypothesis, [FIRST[i]]).score).toBeCloseTo(values[i], 8);
  });
  expect(sentenceBleu('Ein Hund', ['Ein Hund läuft']).score).toBeCloseTo(60.653065971, 8);
  expect(sentenceBleu('Ein Hund', ['Ein Hund läuft'], { effectiveOrder: false }).score).toBe(0);
});

test('by hand: 3 of 4 words, 1 of 3 pairs, no triple; brevity 1', () => {
  const score = (options: BleuOptions) => corpusBleu(['a b c d'], [['a b x d']], options);
  // (3/4 * 1/3 * 1/(2*2) * 1/(4*1))^(1/4) = (1/64)^(1/4)
  expect(score({}).precisions).toEqual([75, expect.closeTo(100 / 3), 25, 25]);
  expect(score({}).score).toBeCloseTo(100 / 64 ** 0.25, 10);
  expect(score({ smooth: 'floor' }).precisions).toEqual([75, expect.closeTo(100 / 3), 5, 10]);
  expect(score({ smooth: 'add-k' }).precisions).toEqual([75, 50, expect.closeTo(100 / 3), 50]);
  expect(score({ smooth: 'none' }).score).toBe(0);
  expect(score({})).toMatchObject({ matches: [3, 1, 0, 0], totals: [4, 3, 2, 1], brevityPenalty: 1 });
});

test('a word counts at most as often as one reference has it (Papineni et al. 2002, 2.1)', () => {
  const references = [['the cat is on the mat'], ['there is a cat on the mat']];
  const { matches, totals } = corpusBleu(['the the the the the the the'], references);
  expect([matches[0], totals[0]]).toEqual([2, 7]);
});

test('the reference nearest in length sets the brevity penalty, the shorter of two as near', () => {
  const { referenceLength, brevityPenalty } = corpusBleu(['a b c'], [['a b c d e'], ['a b c d']]);
  expect(referenceLength).toBe(4);
  expect(brevityPenalty).toBeCloseTo(Math.exp(1 - 4 / 3), 12);
  expect(corpusBleu(['a b c'], [['a b c d'], ['a b']]).referenceLength).toBe(2);
});

test('nothing said and nothing right are 0, an empty reference is no error', () => {
  expect(corpusBleu([''], [['a b']])).toMatchObject({
    score: 0,
    brevityPenalty: 0,
    precisions: [0, 0, 0, 0],
  });
  expect(corpusBleu(['x y'], [['a b']])).toMatchObject({
    score: 0,
    precisions: [0, 0, 0, 0],
    brevityPenalty: 1,
  });
  expect(corpusBleu([''], [['']]).score).toBe(0);
  expect(corpusBleu(['a b c d', ''], [['a b c d', '']]).score).toBeCloseTo(100, 10);
});

test("the signature has sacreBLEU's form and this program's version", () => {
  const behind = `version:shiftaddnas-${version}`;
  expect(corpusBleu(['a'], [['a']]).signature).toBe(`nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|${behind}`);
  const options = { lowercase: true, tokenise: 'none', smooth: 'floor', effectiveOrder: true } as const;
  expect(corpusBleu(['a'], [['a'], ['b']], options).signature).toBe(
    `nrefs:2|case:lc|eff:yes|tok:none|smooth:floor[0.10]|${behind}`,
  );
  expect(sentenceBleu('a', ['a'], { smooth: 'add-k', smoothValue: 2 }).signature).toContain(
    'eff:yes|tok:13a|smooth:add-k[2.00]',
  );
});

test('lists that do not fit are refused with both lengths', () => {
  expect(() => corpusBleu(['a', 'b'], [['a', 'b'], ['a']])).toThrow(
    /2 hypotheses and 1 lines of reference 2/,
  );
  expect(() => corpusBleu(['a'], [])).toThrow(/at least one reference/);
  expect(() => corpusBleu([], [[]])).toThrow(/at least one sentence/);
});

const word = fc.constantFrom('a', 'b', 'c', 'd', '3.5', 'x-y', '!', '(so)', '漢');
const line = fc.array(word, { maxLength: 9 }).map((words) => words.join(' '));
const long = fc.array(word, { minLength: 4, maxLength: 9 }).map((words) => words.join(' '));

test('a text against itself is 100, whatever the other references say', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(long, line), { minLength: 1, maxLength: 4 }), (pairs) => {
      const texts = pairs.map(([text]) => text);
      expect(corpusBleu(texts, [pairs.map(([, other]) => other), texts]).score).toBeCloseTo(100, 9);
    }),
  );
});

test('the order of sentences and of references does not matter', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, line, line), { minLength: 1, maxLength: 5 }), (rows) => {
      const there = corpusBleu(
        rows.map(([h]) => h),
        [rows.map(([, a]) => a), rows.map(([, , b]) => b)],
      );
      const turned = [...rows].reverse();
      const back = corpusBleu(
        turned.map(([h]) => h),
        [turned.map(([, , b]) => b), turned.map(([, a]) => a)],
      );
      expect(back).toEqual(there);
    }),
  );
});
