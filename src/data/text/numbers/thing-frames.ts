/** Frames about things: what they cost, how many there are, which one it is. German puts verbs where English does not. */
import { drawCount, drawNumber, drawPrice, type Frame, sentence } from './draws.ts';
import { englishOrdinal } from './english.ts';
import { germanOrdinal, germanThe } from './german.ts';
import {
  BECOME,
  englishCount,
  englishPresent,
  germanCount,
  germanPresent,
  HAVE,
  KNOW,
  LIVE,
  NOUNS,
  SPEAK,
  SUBJECTS,
  VERBS,
} from './words.ts';

export const THING_FRAMES: readonly Frame[] = [
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
];
