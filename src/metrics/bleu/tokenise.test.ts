import { expect, test } from 'vitest';
import { TOKENISERS } from './tokenise.ts';

const read = (name: keyof typeof TOKENISERS, line: string) => TOKENISERS[name](line).join(' ');

test('13a: signs apart; stop, comma and dash as their neighbours say', () => {
  expect(read('13a', 'He said: "it\'s 3.5 (or 1,000)."')).toBe('He said : " it\'s 3.5 ( or 1,000 ) . "');
  expect(read('13a', '3-4 well-known x.y .5 7.')).toBe('3 - 4 well-known x . y . 5 7 .');
  expect(read('13a', '&quot;a&amp;lt;b&quot; <skipped>c')).toBe('" a < b " c');
  expect(read('13a', '»5« €3 – 漢字。')).toBe('»5« €3 – 漢字。'); // signs outside ASCII stay
});

test('intl: every punctuation and symbol of Unicode, but not between digits; a stop behind a last number stays', () => {
  expect(read('intl', '»5« €3 – a٫b ٣٫٤ 漢字。')).toBe('»5 « € 3 – a ٫ b ٣٫٤ 漢字 。');
  expect(read('intl', 'In 2021.')).toBe('In 2021.');
  expect(read('intl', 'In 2021. ')).toBe('In 2021.');
  expect(read('intl', 'well-known 🙂!')).toBe('well - known 🙂 !');
});

test('char: code points, white space left out', () => {
  expect(TOKENISERS.char('ab 🙂\u00a0c')).toEqual(['a', 'b', '🙂', 'c']);
});

test('none: what white space separates, NEL and file separators too, the byte order mark not', () => {
  expect(TOKENISERS.none(' a  b\u0085c\x1cd\u3000e ')).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(TOKENISERS.none('a\ufeffb')).toEqual(['a\ufeffb']);
  expect(TOKENISERS.none(' ')).toEqual([]);
});
