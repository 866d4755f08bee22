import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChrfOptions, corpusChrf, sentenceChrf } from './chrf.ts';

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

const GOLDEN: readonly (readonly [string, ChrfOptions, number, number])[] = [
  ['chrF2', {}, 67.32363, 75.772603],
  ['chrF2++', { wordOrder: 2 }, 68.941195, 74.435365],
  ['chrF2+', { wordOrder: 1, lowercase: true }, 69.62637, 75.893659],
  ['chrF1', { beta: 1 }, 71.828349, 76.106114],
  ['chrF2', { characterOrder: 4 }, 71.703652, 80.381324],
];

test('three sentences, one and two references: values of sacreBLEU 2.6.0', () => {
  for (const [name, options, one, two] of GOLDEN) {
    expect(corpusChrf(HYPOTHESES, [FIRST], options)).toMatchObject({ name, score: expect.closeTo(one, 5) });
    expect(corpusChrf(HYPOTHESES, [FIRST, SECOND], options).score).toBeCloseTo(two, 5);
  }
  const values = [84.754507724, 65.952036155, 46.991204088];
  HYPOTHESES.forEach((hypothesis, i) => {
    expect(sentenceChrf(hypothesis, [FIRST[i]]).score).toBeCloseTo(values[i], 8);
  });
});

test('by hand: abc against abd, orders 1 to 3', () => {
  // precision and recall: 2/3, 1/2 and 0, their mean 7/18
  expect(sentenceChrf('abc', ['abd']).score).toBeCloseTo((100 * 7) / 18, 10);
  // the hypothesis has orders 1 and 2, the reference 1 to 4: P = (1 + 1) / 2, R = (2/4 + 1/3) / 2
  const [p, r] = [1, 5 / 12];
  expect(sentenceChrf('ab', ['ab cd']).score).toBeCloseTo((100 * 5 * p * r) / (4 * p + r), 10);
});

test('nothing said, nothing right and nothing asked are 0', () => {
  expect(sentenceChrf('', ['ab']).score).toBe(0);
  expect(sentenceChrf('xy', ['ab']).score).toBe(0);
  expect(sentenceChrf('xy', ['']).score).toBe(0);
  expect(sentenceChrf('', ['']).score).toBe(0);
  expect(() => corpusChrf(['a', 'b'], [['a']])).toThrow(/2 hypotheses and 1 lines/);
});

test('the signature names orders', () => {
  expect(sentenceChrf('a', ['a'], { wordOrder: 2, lowercase: true }).signature).toMatch(
    /^nrefs:1\|case:lc\|eff:yes\|nc:6\|nw:2\|space:no\|version:shiftaddnas-/,
  );
});

/** The formula written out with strings: slow, and shares no line with what it checks. */
function slowChrf(hypotheses: string[], references: string[], wordOrder: number): number {
  const split = (text: string) =>
    text
      .split(' ')
      .filter(Boolean)
      .flatMap((word) => {
        if ([...word].length === 1) return [word];
        const tail = /^(.+)([!-/:-@[-`{-~])$/su.exec(word);
        if (tail) return [tail[1], tail[2]];
        const head = /^([!-/:-@[-`{-~])(.+)$/su.exec(word);
        return head ? [head[1], head[2]] : [word];
      });
  const grams = (symbols: string[], n: number) => {
    const counts: Record<string, number> = {};
    for (let i = 0; i + n <= symbols.length; i++) {
      const gram = JSON.stringify(symbols.slice(i, i + n));
      counts[gram] = (counts[gram] ?? 0) + 1;
    }
    return counts;
  };
  const orders = [1, 2, 3, 4, 5, 6].map((n) => [n, false] as const);
  const all = [...orders, ...Array.from({ length: wordOrder }, (_, i) => [i + 1, true] as const)];
  let [p, r, used] = [0, 0, 0];
  for (const [n, words] of all) {
    let [own, other, both] = [0, 0, 0];
    hypotheses.forEach((hypothesis, line) => {
      const read = (text: string) => grams(words ? split(text) : [...text.replaceAll(' ', '')], n);
      const [h, f] = [read(hypothesis), read(references[line])];
      const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
      own += sum(f) === 0 ? 0 : sum(h);
      other += sum(f);
      for (const gram of Object.keys(h)) both += Math.min(h[gram], f[gram] ?? 0);
    });
    if (own === 0 || other === 0) continue;
    p += both / own;
    r += both / other;
    used++;
  }
  if (p + r === 0) return 0;
  return (100 * 5 * (p / used) * (r / used)) / (4 * (p / used) + r / used);
}

const word = fc.constantFrom('ab', 'abc', 'cab', 'c.', '(so)', '"a"', '...', '🙂b', '!', 'b');
const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
const rows = fc.array(fc.tuple(line, line), { minLength: 1, maxLength: 4 });

test('chrF and chrF++ equal the formula written out with strings', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom(0, 1, 2), (pairs, wordOrder) => {
      const [hypotheses, references] = [pairs.map(([h]) => h), pairs.map(([, r]) => r)];
      const { score } = corpusChrf(hypotheses, [references], { wordOrder });
      expect(score).toBeCloseTo(slowChrf(hypotheses, references, wordOrder), 9);
    }),
  );
});

test('a text against itself is 100; of several references the best one counts', () => {
  fc.assert(
    fc.property(rows, (pairs) => {
      const texts = pairs.map(([text]) => `${text}x`);
      const others = pairs.map(([, other]) => other);
      expect(corpusChrf(texts, [others, texts], { wordOrder: 2 }).score).toBeCloseTo(100, 9);
      expect(corpusChrf(texts, [texts]).score).toBeCloseTo(100, 9);
    }),
  );
});

test('the order of sentences does not matter', () => {
  fc.assert(
    fc.property(rows, (pairs) => {
      const score = (list: typeof pairs) =>
        corpusChrf(
          list.map(([h]) => h),
          [list.map(([, r]) => r)],
        ).score;
      expect(score([...pairs].reverse())).toBe(score(pairs));
    }),
  );
});
