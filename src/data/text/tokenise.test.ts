import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detokenise } from './detokenise.ts';
import { addEscapes, tokenise, undoEscapes } from './tokenise.ts';

const CASES: readonly (readonly [language: string, text: string, words: string])[] = [
  ['en', 'A man, aged 35, rides a bicycle.', 'A man , aged 35 , rides a bicycle .'],
  ['en', "It's the man's dog, isn't it?", "It 's the man 's dog , isn 't it ?"],
  ['en', "In the 1990's prices rose 5,300.50 dollars.", "In the 1990 's prices rose 5,300.50 dollars ."],
  ['en', 'Mr. Smith met Dr. Jones at 5 p.m. on Friday.', 'Mr. Smith met Dr. Jones at 5 p.m. on Friday .'],
  ['en', 'See No. 5 and No. Not this.', 'See No. 5 and No . Not this .'],
  ['en', 'He lives in the U.S. Then he moved.', 'He lives in the U.S. Then he moved .'],
  ['en', 'Come to the U.S.', 'Come to the U.S .'],
  ['en', 'Wait... what?!', 'Wait ... what ? !'],
  ['en', '"Stop," she said (twice).', '" Stop , " she said ( twice ) .'],
  ['en', 'well-known A/B tests cost $5 & 10%', 'well-known A / B tests cost $ 5 & 10 %'],
  ['de', 'Am 3. Mai kam z.B. Herr Dr. Müller.', 'Am 3. Mai kam z.B. Herr Dr. Müller .'],
  ['de', "Er sagte: „Das geht's?“", "Er sagte : „ Das geht ' s ? “"],
  ['de', 'Es kostet 1.250,50 Euro, oder?', 'Es kostet 1.250,50 Euro , oder ?'],
  ['fr', "L'eau qu'il a bue aujourd'hui.", "L' eau qu' il a bue aujourd' hui ."],
  ['fr', 'Quoi ? M. Dupont !', 'Quoi ? M. Dupont !'],
];

test.each(CASES)('Moses (tokenizer.perl, read rule by rule), %s: %s', (language, text, words) => {
  expect(tokenise(text, language).join(' ')).toBe(words);
});

test('escapes and their older forms are undone, and an escaped escape once', () => {
  const text = `"a" & 'b' | <c> [d]`;
  expect(addEscapes(text)).toBe('&quot;a&quot; &amp; &apos;b&apos; &#124; &lt;c&gt; &#91;d&#93;');
  expect(undoEscapes(addEscapes(text))).toBe(text);
  expect(undoEscapes('&bra; &bar; &ket;')).toBe('[ | ]');
  expect(undoEscapes('&amp;quot;')).toBe('&quot;');
});

const PLAIN: readonly (readonly [language: string, text: string])[] = [
  ['en', `"Stop," she said (twice), "it's the teachers' room."`],
  ['en', "He can't pay $5, but 10% of 3:30 and A/B is Q&A #8."],
  ['en', '“It doesn’t matter,” he said.'],
  ['en', "the 'Thriller' video of Michael Jackson's"],
  ['de', "Sie rief: „Halt!“ und ging (endlich) zu McDonald's."],
  ['de', "ein „Open“-Schild um 14:30 für 1.000 $ bei O'Brien"],
  ['fr', "Qu'est-ce que c'est ? L’eau de l'été : « rien » !"],
];

test.each(PLAIN)('plain text comes back, %s: %s', (language, text) => {
  expect(detokenise(tokenise(text, language), language)).toBe(text);
});

/** Sentences as they are usually written: words, and punctuation at its usual side of them. */
const ordinary = (words: readonly string[]) => {
  const word = fc.constantFrom(...words);
  const phrase = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join(' '));
  const wrapped = fc.oneof(
    phrase,
    phrase.map((inner) => `(${inner})`),
    phrase.map((inner) => `"${inner}"`),
  );
  return fc
    .tuple(
      fc.array(fc.tuple(wrapped, fc.constantFrom(' ', ', ', '; ', ' - ')), { maxLength: 5 }),
      phrase,
      fc.constantFrom('.', '!', '?'),
    )
    .map(([parts, last, end]) => parts.map(([text, joint]) => text + joint).join('') + last + end);
};

test.each([
  [
    'en',
    ['man', "isn't", "dog's", 'Mr. Smith', '5,300', '3.5', 'well-known', 'I', '20%', '$5', '7:30', 'e.g.'],
  ],
  ['de', ['Mann', 'Straße', 'z.B.', '3. Mai', '1.250,50', 'Ost-West', 'Über', "McDonald's", 'Dr. Weiß']],
  ['fr', ["l'eau", "qu'il", 'été', 'M. Dupont', '3,5', 'peut-être', 'À']],
])('tokenising and putting together is the identity on ordinary text: %s', (language, words) => {
  // French writes a space before ? and !
  const text = ordinary(words).map((line) => (language === 'fr' ? line.replace(/([!?;])/gu, ' $1') : line));
  fc.assert(
    fc.property(text, (sentence) => {
      expect(detokenise(tokenise(sentence, language), language)).toBe(sentence);
    }),
  );
});
