/** Frames about bare numbers: cardinals, years, decimals, calculations, ages. */
import { drawDecimal, drawNumber, drawYear, type Frame, sentence } from './draws.ts';
import { englishCardinal, englishYear } from './english.ts';
import { germanCardinal, germanYear } from './german.ts';
import { BE, englishIs, germanPresent, SUBJECTS } from './words.ts';

const CALCULATIONS = [
  ['plus', 'plus', (a: number, b: number) => a + b],
  ['times', 'mal', (a: number, b: number) => a * b],
] as const;

export const NUMBER_FRAMES: readonly Frame[] = [
  {
    name: 'cardinal',
    draw(random) {
      const n = drawNumber(random, 12);
      return { english: englishCardinal(n), german: germanCardinal(n) };
    },
  },
  {
    name: 'year',
    draw(random) {
      const year = drawYear(random);
      const who = random.choice(SUBJECTS);
      const was = who.person === 'plural' ? 'were' : 'was';
      const wurde = who.person === 'plural' ? 'wurden' : 'wurde';
      return sentence(
        `${who.english} ${was} born in ${englishYear(year)}`,
        `${who.german} ${wurde} ${germanYear(year)} geboren`,
      );
    },
  },
  {
    name: 'decimal',
    draw: drawDecimal,
  },
  {
    name: 'per cent',
    draw(random) {
      const { english, german } = drawDecimal(random);
      const rose = random.boolean();
      return sentence(
        `the price ${rose ? 'rose' : 'fell'} by ${english} per cent`,
        `der Preis ist um ${german} Prozent ${rose ? 'gestiegen' : 'gefallen'}`,
      );
    },
  },
  {
    name: 'distance',
    draw(random) {
      const { english, german } = drawDecimal(random);
      return sentence(
        `the village is ${english} kilometres away`,
        `das Dorf ist ${german} Kilometer entfernt`,
      );
    },
  },
  {
    name: 'calculation',
    draw(random) {
      const [english, german, result] = random.choice(CALCULATIONS);
      const a = drawNumber(random, 3);
      const b = drawNumber(random, 3);
      return sentence(
        `${englishCardinal(a)} ${english} ${englishCardinal(b)} is ${englishCardinal(result(a, b))}`,
        `${germanCardinal(a)} ${german} ${germanCardinal(b)} ist ${germanCardinal(result(a, b))}`,
      );
    },
  },
  {
    name: 'age',
    draw(random) {
      const who = random.choice(SUBJECTS);
      const n = 1 + random.integer(100);
      return sentence(
        `${who.english} ${englishIs(who)} ${n === 1 ? 'one year' : `${englishCardinal(n)} years`} old`,
        `${who.german} ${germanPresent(BE, who)} ${n === 1 ? 'ein Jahr' : `${germanCardinal(n)} Jahre`} alt`,
      );
    },
  },
];
