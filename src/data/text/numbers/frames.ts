/**
 * The sentences of `numbers`: each frame draws numbers and words and says them in both languages. German puts verbs
 * where English does not (gestern habe ich ... gekauft; dass er ... hat; kommt um ... an), and so the order of words
 * has to be learned as well.
 */
import type { Random } from '../../../core/random.ts';
import { type CalendarDate, englishDate, germanDate, MONTHS, WEEKDAYS } from './calendar.ts';
import { type Clock, englishTime, germanTime } from './clock.ts';
import { englishCardinal, englishDecimal, englishOrdinal, englishYear } from './english.ts';
import { germanCardinal, germanDecimal, germanOrdinal, germanThe, germanYear } from './german.ts';
import {
  BE,
  BECOME,
  CURRENCIES,
  EVENTS,
  englishCount,
  englishIs,
  englishPresent,
  germanCount,
  germanPresent,
  HAVE,
  KNOW,
  LIVE,
  NOUNS,
  PARTS_OF_DAY,
  SPEAK,
  SUBJECTS,
  VERBS,
} from './words.ts';

export interface Said {
  readonly english: string;
  readonly german: string;
}

export interface Frame {
  readonly name: string;
  readonly draw: (random: Random) => Said;
}

/** Of one to `digits` digits, each count of digits as likely. */
function drawNumber(random: Random, digits: number): number {
  return random.integer(10 ** (1 + random.integer(digits)));
}

/** How many of something: from 1, and none that ends in 01, for which German has no settled form before a noun. */
function drawCount(random: Random, digits: number): number {
  return not01(1 + drawNumber(random, digits));
}

function not01(n: number): number {
  return n > 1 && n % 100 === 1 ? n + 1 : n;
}

function drawTime(random: Random): Clock {
  const hour = 1 + random.integer(12);
  return { hour, minute: random.boolean(0.7) ? 5 * random.integer(12) : random.integer(60) };
}

function drawDate(random: Random, withYear: boolean): CalendarDate {
  const month = random.integer(12);
  const day = 1 + random.integer(MONTHS[month][2]);
  if (!withYear) return { day, month };
  return { day, month, year: { number: drawYear(random), spoken: random.boolean() } };
}

function drawYear(random: Random): number {
  return random.boolean(0.8) ? 1800 + random.integer(250) : 1100 + random.integer(700);
}

/** An amount of money; German in the accusative, as kostet and bezahlt want it. */
function drawPrice(random: Random): Said {
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

function drawDecimal(random: Random): Said {
  const whole = drawNumber(random, 3);
  const digits = Array.from({ length: 1 + random.integer(3) }, () => random.integer(10));
  return { english: englishDecimal(whole, digits), german: germanDecimal(whole, digits) };
}

/** Capital first letter, full stop. */
function sentence(english: string, german: string): Said {
  const finish = (text: string) => `${text[0].toUpperCase()}${text.slice(1)}.`;
  return { english: finish(english), german: finish(german) };
}

const CALCULATIONS = [
  ['plus', 'plus', (a: number, b: number) => a + b],
  ['times', 'mal', (a: number, b: number) => a * b],
] as const;

export const FRAMES: readonly Frame[] = [
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
    name: 'time',
    draw(random) {
      const time = drawTime(random);
      return { english: englishTime(time), german: germanTime(time) };
    },
  },
  {
    name: 'time of day',
    draw(random) {
      const { english, german, hours } = random.choice(PARTS_OF_DAY);
      const hour = hours[0] + random.integer(hours[1] - hours[0] + 1);
      const time = { ...drawTime(random), hour };
      return sentence(`it is ${englishTime(time)} ${english}`, `es ist ${germanTime(time)} ${german}`);
    },
  },
  {
    name: 'event',
    draw(random) {
      const { english, german } = random.choice(EVENTS);
      const time = drawTime(random);
      return sentence(
        `${english[0]} ${english[1]} at ${englishTime(time)}`,
        `${german[0]} ${german[1]} um ${germanTime(time)}${german[2]}`,
      );
    },
  },
  {
    name: 'event in a clause',
    draw(random) {
      const { english, german } = random.choice(EVENTS);
      const who = random.choice(SUBJECTS);
      const time = drawTime(random);
      return sentence(
        `${who.english} ${englishPresent(KNOW, who)} that ${english[0]} ${english[1]} at ${englishTime(time)}`,
        `${who.german} ${germanPresent(KNOW, who)}, dass ${german[0]} um ${germanTime(time)} ${german[3]}`,
      );
    },
  },
  {
    name: 'date',
    draw(random) {
      const date = drawDate(random, true);
      return { english: englishDate(date), german: `der ${germanDate(date, 'nominative')}` };
    },
  },
  {
    name: 'birth',
    draw(random) {
      const date = drawDate(random, true);
      const who = random.choice(SUBJECTS);
      const plural = who.person === 'plural';
      return sentence(
        `${who.english} ${plural ? 'were' : 'was'} born on ${englishDate(date)}`,
        `${who.german} ${plural ? 'wurden' : 'wurde'} am ${germanDate(date, 'dative')} geboren`,
      );
    },
  },
  {
    name: 'meeting',
    draw(random) {
      const date = drawDate(random, false);
      const [english, german] = random.choice(WEEKDAYS);
      return sentence(
        `the meeting is on ${english}, ${englishDate(date)}`,
        `die Sitzung ist am ${german}, dem ${germanDate(date, 'dative')}`,
      );
    },
  },
  {
    name: 'price',
    draw(random) {
      const { english, gender, german } = random.choice(NOUNS);
      const price = drawPrice(random);
      return sentence(
        `the ${english[0]} costs ${price.english}`,
        `${germanThe(gender, 'nominative')} ${german[0]} kostet ${price.german}`,
      );
    },
  },
  {
    name: 'paid',
    draw(random) {
      const { english, gender, german } = random.choice(NOUNS);
      const who = random.choice(SUBJECTS);
      const price = drawPrice(random);
      return sentence(
        `${who.english} paid ${price.english} for the ${english[0]}`,
        `${who.german} ${germanPresent(HAVE, who)} ${price.german} für ${germanThe(gender, 'accusative')} ` +
          `${german[0]} bezahlt`,
      );
    },
  },
  {
    name: 'count',
    draw(random) {
      const who = random.choice(SUBJECTS);
      const does = random.choice(VERBS);
      const what = random.choice(NOUNS);
      const n = drawCount(random, 6);
      return sentence(
        `${who.english} ${englishPresent(does, who)} ${englishCount(n, what)}`,
        `${who.german} ${germanPresent(does, who)} ${germanCount(n, what, 'accusative')}`,
      );
    },
  },
  {
    name: 'yesterday',
    draw(random) {
      const who = random.choice(SUBJECTS);
      const does = random.choice(VERBS);
      const what = random.choice(NOUNS);
      const n = drawCount(random, 4);
      return sentence(
        `yesterday ${who.english} ${does.english[2]} ${englishCount(n, what)}`,
        `gestern ${germanPresent(HAVE, who)} ${who.german} ${germanCount(n, what, 'accusative')} ${does.german[3]}`,
      );
    },
  },
  {
    name: 'tomorrow',
    draw(random) {
      const who = random.choice(SUBJECTS);
      const does = random.choice(VERBS);
      const what = random.choice(NOUNS);
      const n = drawCount(random, 4);
      return sentence(
        `${who.english} will ${does.english[0]} ${englishCount(n, what)} tomorrow`,
        `${who.german} ${germanPresent(BECOME, who)} morgen ${germanCount(n, what, 'accusative')} ${does.german[2]}`,
      );
    },
  },
  {
    name: 'count in a clause',
    draw(random) {
      const knows = random.choice(SUBJECTS);
      const who = random.choice(SUBJECTS);
      const does = random.choice(VERBS);
      const what = random.choice(NOUNS);
      const n = drawCount(random, 4);
      return sentence(
        `${knows.english} ${englishPresent(KNOW, knows)} that ${who.english} ${englishPresent(does, who)} ` +
          englishCount(n, what),
        `${knows.german} ${germanPresent(KNOW, knows)}, dass ${who.german} ${germanCount(n, what, 'accusative')} ` +
          germanPresent(does, who),
      );
    },
  },
  {
    name: 'speak of',
    draw(random) {
      const who = random.choice(SUBJECTS);
      const what = random.choice(NOUNS);
      const n = drawCount(random, 6);
      return sentence(
        `${who.english} ${englishPresent(SPEAK, who)} of ${englishCount(n, what)}`,
        `${who.german} ${germanPresent(SPEAK, who)} von ${germanCount(n, what, 'dative')}`,
      );
    },
  },
  {
    name: 'ordinal',
    draw(random) {
      const { english, gender, german } = random.choice(NOUNS);
      const n = 1 + drawNumber(random, 4);
      return sentence(
        `this is the ${englishOrdinal(n)} ${english[0]}`,
        `das ist ${germanThe(gender, 'nominative')} ${germanOrdinal(n, gender, 'nominative')} ${german[0]}`,
      );
    },
  },
  {
    name: 'ordinal as object',
    draw(random) {
      const { english, gender, german } = random.choice(NOUNS);
      const who = random.choice(SUBJECTS);
      const does = random.choice(VERBS);
      const n = 1 + drawNumber(random, 4);
      return sentence(
        `yesterday ${who.english} ${does.english[2]} the ${englishOrdinal(n)} ${english[0]}`,
        `gestern ${germanPresent(HAVE, who)} ${who.german} ${germanThe(gender, 'accusative')} ` +
          `${germanOrdinal(n, gender, 'accusative')} ${german[0]} ${does.german[3]}`,
      );
    },
  },
  {
    name: 'floor',
    draw(random) {
      const who = random.choice(SUBJECTS);
      const n = 1 + drawNumber(random, 2);
      return sentence(
        `${who.english} ${englishPresent(LIVE, who)} on the ${englishOrdinal(n)} floor`,
        `${who.german} ${germanPresent(LIVE, who)} im ${germanOrdinal(n, 'm', 'dative')} Stock`,
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
