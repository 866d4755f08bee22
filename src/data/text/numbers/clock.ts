/**
 * Times of day. English counts from the full hour, German within the quarters around the half hour from the half
 * before the next one: half past three is halb vier, twenty-five past three is fünf vor halb vier.
 */
import { englishCardinal } from './english.ts';
import { germanCardinal } from './german.ts';

/** `hour`: 1 to 12; `minute`: 0 to 59. */
export interface Clock {
  readonly hour: number;
  readonly minute: number;
}

const following = (hour: number): number => (hour % 12) + 1;

export function englishTime({ hour, minute }: Clock): string {
  if (minute === 0) return `${englishCardinal(hour)} o'clock`;
  if (minute === 30) return `half past ${englishCardinal(hour)}`;
  const early = minute < 30;
  const distance = early ? minute : 60 - minute;
  const side = `${early ? 'past' : 'to'} ${englishCardinal(early ? hour : following(hour))}`;
  if (distance === 15) return `quarter ${side}`;
  if (distance % 5 === 0) return `${englishCardinal(distance)} ${side}`;
  return `${englishCardinal(distance)} minute${distance === 1 ? '' : 's'} ${side}`;
}

export function germanTime({ hour, minute }: Clock): string {
  if (minute === 0) return `${hour === 1 ? 'ein' : germanCardinal(hour)} Uhr`;
  const next = germanCardinal(following(hour));
  if (minute === 30) return `halb ${next}`;
  if (minute === 25) return `fünf vor halb ${next}`;
  if (minute === 35) return `fünf nach halb ${next}`;
  const early = minute < 30;
  const distance = early ? minute : 60 - minute;
  const side = early ? `nach ${germanCardinal(hour)}` : `vor ${next}`;
  if (distance === 15) return `Viertel ${side}`;
  if (distance % 5 === 0) return `${germanCardinal(distance)} ${side}`;
  return `${distance === 1 ? 'eine Minute' : `${germanCardinal(distance)} Minuten`} ${side}`;
}
