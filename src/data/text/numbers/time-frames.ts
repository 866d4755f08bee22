/** Frames about times and dates. German parts some verbs (kommt um ... an) and ends clauses with them. */
import { englishDate, germanDate, WEEKDAYS } from './calendar.ts';
import { englishTime, germanTime } from './clock.ts';
import { drawDate, drawTime, type Frame, sentence } from './draws.ts';
import { EVENTS, englishPresent, germanPresent, KNOW, PARTS_OF_DAY, SUBJECTS } from './words.ts';

export const TIME_FRAMES: readonly Frame[] = [
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
];
