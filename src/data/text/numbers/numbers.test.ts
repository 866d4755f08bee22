import { expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { openTranslation } from '../open.ts';
import { englishDate, germanDate } from './calendar.ts';
import { englishTime, germanTime } from './clock.ts';
import { englishCardinal, englishDecimal, englishOrdinal, englishYear } from './english.ts';
import { FRAMES } from './frames.ts';
import { germanCardinal, germanDecimal, germanOrdinal, germanYear } from './german.ts';
import { drawSentence } from './numbers.ts';
import { englishCount, germanCount, NOUNS } from './words.ts';

const CARDINALS: [number, string, string][] = [
  [0, 'zero', 'null'],
  [1, 'one', 'eins'],
  [12, 'twelve', 'zwölf'],
  [16, 'sixteen', 'sechzehn'],
  [17, 'seventeen', 'siebzehn'],
  [21, 'twenty-one', 'einundzwanzig'],
  [30, 'thirty', 'dreißig'],
  [66, 'sixty-six', 'sechsundsechzig'],
  [77, 'seventy-seven', 'siebenundsiebzig'],
  [100, 'one hundred', 'einhundert'],
  [101, 'one hundred and one', 'einhunderteins'],
  [121, 'one hundred and twenty-one', 'einhunderteinundzwanzig'],
  [217, 'two hundred and seventeen', 'zweihundertsiebzehn'],
  [1000, 'one thousand', 'eintausend'],
  [1001, 'one thousand and one', 'eintausendeins'],
  [1100, 'one thousand one hundred', 'eintausendeinhundert'],
  [21000, 'twenty-one thousand', 'einundzwanzigtausend'],
  [101000, 'one hundred and one thousand', 'einhunderteintausend'],
  [
    654321,
    'six hundred and fifty-four thousand three hundred and twenty-one',
    'sechshundertvierundfünfzigtausenddreihunderteinundzwanzig',
  ],
  [1000000, 'one million', 'eine Million'],
  [1000001, 'one million and one', 'eine Million eins'],
  [2000017, 'two million and seventeen', 'zwei Millionen siebzehn'],
  [21500000, 'twenty-one million five hundred thousand', 'einundzwanzig Millionen fünfhunderttausend'],
  [1000000000, 'one billion', 'eine Milliarde'],
  [3001000000, 'three billion one million', 'drei Milliarden eine Million'],
  [7000000100, 'seven billion one hundred', 'sieben Milliarden einhundert'],
];

test.each(CARDINALS)('%d is %s and %s', (n, english, german) => {
  expect(englishCardinal(n)).toBe(english);
  expect(germanCardinal(n)).toBe(german);
});

test('no two numbers are said alike', () => {
  const numbers = Array.from({ length: 30000 }, (_, i) => i).concat(
    Array.from({ length: 30000 }, (_, i) => i * 30011),
  );
  const distinct = new Set(numbers).size;
  expect(new Set(numbers.map(englishCardinal)).size).toBe(distinct);
  expect(new Set(numbers.map(germanCardinal)).size).toBe(distinct);
});

const ORDINALS: [number, string, string][] = [
  [1, 'first', 'erste'],
  [2, 'second', 'zweite'],
  [3, 'third', 'dritte'],
  [5, 'fifth', 'fünfte'],
  [7, 'seventh', 'siebte'],
  [8, 'eighth', 'achte'],
  [9, 'ninth', 'neunte'],
  [12, 'twelfth', 'zwölfte'],
  [19, 'nineteenth', 'neunzehnte'],
  [20, 'twentieth', 'zwanzigste'],
  [21, 'twenty-first', 'einundzwanzigste'],
  [100, 'one hundredth', 'einhundertste'],
  [101, 'one hundred and first', 'einhunderterste'],
  [113, 'one hundred and thirteenth', 'einhundertdreizehnte'],
  [1000, 'one thousandth', 'eintausendste'],
  [2003, 'two thousand and third', 'zweitausenddritte'],
];

test.each(ORDINALS)('the ordinal of %d is %s and %s', (n, english, german) => {
  expect(englishOrdinal(n)).toBe(english);
  expect(germanOrdinal(n, 'f', 'nominative')).toBe(german);
});

test('ordinals after der, die, das: den dritten Hund, die dritte Katze, das dritte Buch, im dritten Stock', () => {
  expect(germanOrdinal(3, 'm', 'nominative')).toBe('dritte');
  expect(germanOrdinal(3, 'm', 'accusative')).toBe('dritten');
  expect(germanOrdinal(3, 'f', 'accusative')).toBe('dritte');
  expect(germanOrdinal(3, 'n', 'accusative')).toBe('dritte');
  expect(germanOrdinal(3, 'f', 'dative')).toBe('dritten');
});

const YEARS: [number, string, string][] = [
  [1100, 'eleven hundred', 'elfhundert'],
  [1789, 'seventeen eighty-nine', 'siebzehnhundertneunundachtzig'],
  [1905, 'nineteen oh five', 'neunzehnhundertfünf'],
  [1984, 'nineteen eighty-four', 'neunzehnhundertvierundachtzig'],
  [2000, 'two thousand', 'zweitausend'],
  [2001, 'two thousand and one', 'zweitausendeins'],
  [2010, 'twenty ten', 'zweitausendzehn'],
  [2024, 'twenty twenty-four', 'zweitausendvierundzwanzig'],
];

test.each(YEARS)('the year %d is %s and %s', (year, english, german) => {
  expect(englishYear(year)).toBe(english);
  expect(germanYear(year)).toBe(german);
});

test('decimals are said digit by digit', () => {
  expect(englishDecimal(3, [1, 4])).toBe('three point one four');
  expect(germanDecimal(3, [1, 4])).toBe('drei Komma eins vier');
  expect(germanDecimal(0, [0, 5])).toBe('null Komma null fünf');
});

const TIMES: [number, number, string, string][] = [
  [1, 0, "one o'clock", 'ein Uhr'],
  [3, 0, "three o'clock", 'drei Uhr'],
  [3, 1, 'one minute past three', 'eine Minute nach drei'],
  [3, 10, 'ten past three', 'zehn nach drei'],
  [1, 15, 'quarter past one', 'Viertel nach eins'],
  [3, 20, 'twenty past three', 'zwanzig nach drei'],
  [3, 25, 'twenty-five past three', 'fünf vor halb vier'],
  [3, 30, 'half past three', 'halb vier'],
  [12, 30, 'half past twelve', 'halb eins'],
  [3, 35, 'twenty-five to four', 'fünf nach halb vier'],
  [3, 45, 'quarter to four', 'Viertel vor vier'],
  [12, 50, 'ten to one', 'zehn vor eins'],
  [3, 53, 'seven minutes to four', 'sieben Minuten vor vier'],
  [3, 59, 'one minute to four', 'eine Minute vor vier'],
];

test.each(TIMES)('%d:%d is %s and %s', (hour, minute, english, german) => {
  expect(englishTime({ hour, minute })).toBe(english);
  expect(germanTime({ hour, minute })).toBe(german);
});

test('dates: the third of May 1984, der dritte Mai 1984, am dritten Mai 1984', () => {
  const date = { day: 3, month: 4, year: { number: 1984, spoken: false } };
  expect(englishDate(date)).toBe('the third of May 1984');
  expect(germanDate(date, 'nominative')).toBe('dritte Mai 1984');
  expect(germanDate(date, 'dative')).toBe('dritten Mai 1984');
  const spoken = { day: 21, month: 2, year: { number: 1905, spoken: true } };
  expect(englishDate(spoken)).toBe('the twenty-first of March nineteen oh five');
  expect(germanDate(spoken, 'nominative')).toBe('einundzwanzigste März neunzehnhundertfünf');
});

test('counted things: einen Hund, eine Katze, ein Buch; in the dative einem, einer, and -n in the plural', () => {
  const of = (name: string) => NOUNS.find((noun) => noun.english[0] === name)!;
  expect(englishCount(1, of('watch'))).toBe('one watch');
  expect(englishCount(2, of('watch'))).toBe('two watches');
  expect(germanCount(1, of('dog'), 'accusative')).toBe('einen Hund');
  expect(germanCount(1, of('cat'), 'accusative')).toBe('eine Katze');
  expect(germanCount(1, of('book'), 'accusative')).toBe('ein Buch');
  expect(germanCount(1, of('dog'), 'dative')).toBe('einem Hund');
  expect(germanCount(1, of('cat'), 'dative')).toBe('einer Katze');
  expect(germanCount(21, of('house'), 'accusative')).toBe('einundzwanzig Häuser');
  expect(germanCount(21, of('house'), 'dative')).toBe('einundzwanzig Häusern');
});

/** A sentence of every frame, as seed 7 draws it, and read by a person. */
const SENTENCES: Readonly<Record<string, readonly [string, string]>> = {
  age: ['He is seventy-one years old.', 'Er ist einundsiebzig Jahre alt.'],
  birth: [
    'Peter was born on the sixteenth of August twenty twelve.',
    'Peter wurde am sechzehnten August zweitausendzwölf geboren.',
  ],
  calculation: ['Nine times eleven is ninety-nine.', 'Neun mal elf ist neunundneunzig.'],
  cardinal: [
    'one hundred and forty billion five hundred and eight million one hundred and seventy-six thousand three hundred and fifty-one',
    'einhundertvierzig Milliarden fünfhundertacht Millionen einhundertsechsundsiebzigtausenddreihunderteinundfünfzig',
  ],
  count: [
    'I see six hundred and one thousand eight hundred and forty-seven watches.',
    'Ich sehe sechshunderteintausendachthundertsiebenundvierzig Uhren.',
  ],
  'count in a clause': [
    'I know that he finds seven hundred and seventy-three dogs.',
    'Ich weiß, dass er siebenhundertdreiundsiebzig Hunde findet.',
  ],
  date: [
    'the twenty-fourth of November nineteen seventy-six',
    'der vierundzwanzigste November neunzehnhundertsechsundsiebzig',
  ],
  decimal: ['nine hundred and eighty-five point three', 'neunhundertfünfundachtzig Komma drei'],
  distance: [
    'The village is seventy-two point two one nine kilometres away.',
    'Das Dorf ist zweiundsiebzig Komma zwei eins neun Kilometer entfernt.',
  ],
  event: ['The film begins at quarter past nine.', 'Der Film beginnt um Viertel nach neun.'],
  'event in a clause': [
    'Anna knows that the shop opens at twenty to nine.',
    'Anna weiß, dass das Geschäft um zwanzig vor neun aufmacht.',
  ],
  floor: ['She lives on the first floor.', 'Sie wohnt im ersten Stock.'],
  meeting: [
    'The meeting is on Monday, the thirteenth of June.',
    'Die Sitzung ist am Montag, dem dreizehnten Juni.',
  ],
  ordinal: ['This is the ninety-fourth flower.', 'Das ist die vierundneunzigste Blume.'],
  'ordinal as object': [
    'Yesterday Peter bought the fifth bicycle.',
    'Gestern hat Peter das fünfte Fahrrad gekauft.',
  ],
  paid: [
    'We paid seventy-three euros and sixty-four cents for the letter.',
    'Wir haben dreiundsiebzig Euro und vierundsechzig Cent für den Brief bezahlt.',
  ],
  'per cent': [
    'The price fell by twenty-one point three six per cent.',
    'Der Preis ist um einundzwanzig Komma drei sechs Prozent gefallen.',
  ],
  price: [
    'The picture costs four thousand one hundred and sixty-eight euros.',
    'Das Bild kostet viertausendeinhundertachtundsechzig Euro.',
  ],
  'speak of': [
    'She speaks of forty-two thousand six hundred and thirty-eight houses.',
    'Sie spricht von zweiundvierzigtausendsechshundertachtunddreißig Häusern.',
  ],
  time: ["eleven o'clock", 'elf Uhr'],
  'time of day': ['It is half past one in the afternoon.', 'Es ist halb zwei nachmittags.'],
  tomorrow: ['They will count eight dogs tomorrow.', 'Sie werden morgen acht Hunde zählen.'],
  year: ['We were born in sixteen fifty-seven.', 'Wir wurden sechzehnhundertsiebenundfünfzig geboren.'],
  yesterday: [
    'Yesterday they needed fifty-two tables.',
    'Gestern haben sie zweiundfünfzig Tische gebraucht.',
  ],
};

test('every frame says the same in right English and right German: sentences that a person read', () => {
  const drawn = Object.fromEntries(
    FRAMES.map(({ name, draw }) => {
      const { english, german } = draw(Random.fromSeed(7).split(name));
      return [name, [english, german]];
    }),
  );
  expect(drawn).toEqual(SENTENCES);
});

test('numbers of a sentence that no German form is settled for are not drawn', () => {
  const random = Random.fromSeed('many');
  for (let i = 0; i < 20000; i++) {
    const { german } = drawSentence(random);
    expect(german).not.toMatch(/(hundert|tausend)eins (?!Komma)\p{Lu}/u);
  }
});

test('no sentence of a set is in another one, in either language, and test does not depend on the limit', async () => {
  const set = await openTranslation('numbers', { seed: 1, limit: 3000 });
  const { train, valid, test: held } = set;
  expect([train.from.length, valid.from.length, held.from.length]).toEqual([3000, 1000, 1000]);
  for (const side of ['from', 'to'] as const) {
    const all = [...train[side], ...valid[side], ...held[side]];
    expect(new Set(all).size).toBe(all.length);
  }
  const less = await openTranslation('numbers', { seed: 1, limit: 10 });
  expect(less.test).toEqual(held);
  expect(less.train.from).toEqual(train.from.slice(0, 10));
  expect((await openTranslation('numbers', { seed: 2, limit: 10 })).test).not.toEqual(held);
  const back = await openTranslation('numbers', { seed: 1, limit: 10, pair: 'de-en' });
  expect(back.test).toEqual({ from: held.to, to: held.from });
  await expect(openTranslation('numbers', { pair: 'en-fr' })).rejects.toThrow(
    /English and German, but the pair is en-fr/,
  );
});
