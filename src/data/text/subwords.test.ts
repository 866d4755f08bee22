import fc from 'fast-check';
import { expect, test } from 'vitest';
import { learnMerges } from './learn.ts';
import { mergeWord, rankMerges, writeSymbol } from './merge.ts';
import { readSubwordModel } from './model.ts';
import { UNK } from './special.ts';
import { Subwords } from './subwords.ts';

const split = (word: string, merges: string[]) =>
  mergeWord(word, rankMerges(merges), 'joined').map(writeSymbol).join(' ');

test('merges apply by rank, not from left to right: derived by hand', () => {
  // l o w e r</w>: (e r</w>) has the best rank, then (l o); (lo w) comes after (w er</w>) and finds no w
  const merges = ['e r</w>', 'w er</w>', 'l o', 'lo w'];
  expect(split('lower', merges)).toBe('lo@@ wer');
  // l o w</w>: the last w is w</w>, which no merge names
  expect(split('low', merges)).toBe('lo@@ w');
  // l o w l o w s</w>: only (l o) and (lo w) apply, at every place
  expect(split('lowlows', merges)).toBe('low@@ low@@ s');
});

test('overlapping pairs merge from the left: a a a is aa a', () => {
  // a a a a</w> -> (a a) at 0, then a is left, and a</w>
  expect(split('aaaa', ['a a'])).toBe('aa@@ a@@ a');
  expect(split('aaaaa', ['a a', 'aa aa'])).toBe('aaaa@@ a');
});

test('the pair that is most frequent is learned first; of equals the greatest: derived by hand', () => {
  // low x5, lower x2, newest x6, widest x3 (Sennrich et al. 2016, the example of the paper's figure)
  // counts: e s 9, s t</w> 9, w e 2+6=8, l o 7, o w 2 and o w</w> 5 ...; of the two 9s (s, t</w>) > (e, s)
  const counts = new Map([
    ['low', 5],
    ['lower', 2],
    ['newest', 6],
    ['widest', 3],
  ]);
  // then (e st</w>) 9; then (w e) is 2, for newest is n e w est</w>; l o 7 is best;
  // then 6: (n e) (e w) (w est</w>): greatest left is w
  expect(learnMerges(counts, { merges: 5 })).toEqual(['s t</w>', 'e st</w>', 'l o', 'w est</w>', 'n e']);
});

test('fewer merges are learned when no pair is seen twice', () => {
  expect(
    learnMerges(
      new Map([
        ['ab', 1],
        ['cd', 1],
      ]),
      { merges: 5 },
    ),
  ).toEqual([]);
  expect(learnMerges(new Map([['ab', 2]]), { merges: 5 })).toEqual(['a b</w>']);
});

/** Counts everything anew for each merge. */
function learnSlowly(counts: Map<string, number>, merges: number): string[] {
  const words = [...counts].map(([word, count]) => ({
    symbols: [...word.slice(0, -1), `${word.at(-1)}</w>`],
    count,
  }));
  const learned: string[] = [];
  while (learned.length < merges) {
    const pairs = new Map<string, number>();
    for (const { symbols, count } of words) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = `${symbols[i]} ${symbols[i + 1]}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    }
    const best = [...pairs].sort(([a, m], [b, n]) => {
      const [x, y] = [a.split(' '), b.split(' ')];
      return n - m || (x[0] === y[0] ? (x[1] > y[1] ? -1 : 1) : x[0] > y[0] ? -1 : 1);
    })[0];
    if (best === undefined || best[1] < 2) break;
    learned.push(best[0]);
    const [left, right] = best[0].split(' ');
    for (const word of words) {
      for (let i = 0; i + 1 < word.symbols.length; i++) {
        if (word.symbols[i] === left && word.symbols[i + 1] === right)
          word.symbols.splice(i, 2, left + right);
      }
    }
  }
  return learned;
}

test('kept counts give the merges that counting anew gives', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.tuple(word, fc.integer({ min: 1, max: 9 })), { maxLength: 12 }), (entries) => {
      const counts = new Map(entries);
      expect(learnMerges(counts, { merges: 20 })).toEqual(learnSlowly(counts, 20));
    }),
  );
});

const text = {
  from: ['A man rides a bicycle.', "It's the man's dog, isn't it?", 'Two men ride two bicycles.'],
  to: ['Ein Mann fährt Fahrrad.', 'Das ist der Hund, oder?', 'Zwei Männer fahren Fahrrad.'],
};
const pair = { from: 'en', to: 'de' };

test('encode then decode is the identity, in both languages', () => {
  const subwords = new Subwords(Subwords.learn(text, { pair, merges: 40 }));
  for (const sentence of text.from) expect(subwords.decode(subwords.encode(sentence), 'en')).toBe(sentence);
  for (const sentence of text.to) expect(subwords.decode(subwords.encode(sentence, 'de'))).toBe(sentence);
  expect(Math.max(...subwords.encode(text.from[0]))).toBeLessThan(subwords.size);
});

test('raw words: any text of known characters comes back, space by space', () => {
  const words = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b', '@', '<', '/', 'w', '>', 'ß', '𝒳'), minLength: 1 }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 5 }), words, (known, other) => {
      const from = known.map((list) => list.join(' '));
      const all = { from, to: ['ab@</w>ß𝒳'] };
      const subwords = new Subwords(Subwords.learn(all, { pair, merges: 30, words: 'raw' }));
      for (const sentence of [...from, other.join(' ')]) {
        expect(subwords.decode(subwords.encode(sentence))).toBe(sentence);
      }
    }),
  );
});

test('an unknown character is UNK, the rest of its word is not', () => {
  const subwords = new Subwords(Subwords.learn(text, { pair, merges: 0 }));
  const ids = subwords.encode('maŋn');
  expect([...ids].map((id) => id === UNK)).toEqual([false, false, true, false]);
});

test('lower case is an option and stays in the model', () => {
  const model = Subwords.learn(text, { pair, merges: 40, lowerCase: true });
  const subwords = new Subwords(readSubwordModel(JSON.stringify(model), 'subwords.json'));
  expect(subwords.decode(subwords.encode('A Man', 'en'), 'en')).toBe('a man');
});

test('a model is refused when it was changed, is no JSON, or is of another version', () => {
  const model = Subwords.learn(text, { pair, merges: 10 });
  const changed = JSON.stringify({ ...model, vocabulary: [...model.vocabulary].reverse() });
  expect(() => readSubwordModel(changed, 'subwords.json')).toThrow(
    /subwords.json has the checksum .* changed by hand/,
  );
  expect(() => readSubwordModel('{', 'subwords.json')).toThrow(/is no JSON/);
  const later = JSON.stringify({ ...model, version: 2 });
  expect(() => readSubwordModel(later, 'subwords.json')).toThrow(/of version 1, but version is wrong/);
});
