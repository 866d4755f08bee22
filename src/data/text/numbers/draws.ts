/** What the frames draw: numbers of all sizes, times, dates and amounts of money. */
import type { Random } from '../../../core/random.ts';
import { type CalendarDate, MONTHS } from './calendar.ts';
import type { Clock } from './clock.ts';
import { englishCardinal, englishDecimal } from './english.ts';
import { germanCardinal, germanDecimal } from './german.ts';
import { CURRENCIES } from './words.ts';

export interface Said {
  readonly english: string;
  readonly german: string;
}

/** A kind of sentence: drawn in both languages. */
export interface Frame {
  readonly name: string;
  readonly draw: (random: Random) => Said;
}

/** Of one to `digits` digits, each count of digits as likely. */
export function drawNumber(random: Random, digits: number): number {
  return random.integer(10 ** (1 + random.integer(digits)));
}

/** How many of something: from 1, and none that ends in 01, for which German has no settled form before a noun. */
export function drawCount(random: Random, digits: number): number {
  return not01(1 + drawNumber(random, digits));
}

function not01(n: number): number {
  return n > 1 && n % 100 === 1 ? n + 1 : n;
}

export function drawTime(random: Random): Clock {
  const hour = 1 + random.integer(12);
  return { hour, minute: random.boolean(0.7) ? 5 * random.integer(12) : random.integer(60) };
}

export function drawDate(random: Random, withYear: boolean): CalendarDate {
  const month = random.integer(12);
  const day = 1 + random.integer(MONTHS[month][2]);
  if (!withYear) return { day, month };
  return { day, month, year: { number: drawYear(random), spoken: random.boolean() } };
}

export function drawYear(random: Random): number {
  return random.boolean(0.8) ? 1800 + random.integer(250) : 1100 + random.integer(700);
}

/** An amount of money; German in the accusative, as kostet and bezahlt want it. */
export function drawPrice(random: Random): Said {
  const { english, german } = random.choice(CURRENCIES);
  const units = not01(drawNumber(random, 4));
  const cents = units === 0 ? 1 + random.integer(99) : random.boolean(0.6) ? random.integer(100) : 0;
  const one = (n: number) => (n === 1 ? 'einen' : germanCardinal(n));
  const parts = [
    ...(units > 0
      ? [[`${englishCardinal(units)} ${english[units === 1 ? 0 : 1]}`, `${one(units)} ${german[0]}`]]
      : []),
    ...(cents > 0
      ? [[`${englishCardinal(cents)} ${english[cents === 1 ? 2 : 3]}`, `${one(cents)} ${german[1]}`]]
      : []),
  ];
  return {
    english: parts.map((part) => part[0]).join(' and '),
    german: parts.map((part) => part[1]).join(' und '),
  };
}

export function drawDecimal(random: Random): Said {
  const whole = drawNumber(random, 3);
  const digits = Array.from({ length: 1 + random.integer(3) }, () => random.integer(10));
  return { english: englishDecimal(whole, digits), german: germanDecimal(whole, digits) };
}

/** Capital first letter, full stop. */
export function sentence(english: string, german: string): Said {
  const finish = (text: string) => `${text[0].toUpperCase()}${text.slice(1)}.`;
  return { english: finish(english), german: finish(german) };
}
