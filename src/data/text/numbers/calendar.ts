/** Dates: the third of May 1984 is der dritte Mai 1984, and on that day am dritten Mai 1984. */
import { englishOrdinal, englishYear } from './english.ts';
import { germanOrdinal, germanYear } from './german.ts';

export const MONTHS = [
  ['January', 'Januar', 31],
  ['February', 'Februar', 28],
  ['March', 'März', 31],
  ['April', 'April', 30],
  ['May', 'Mai', 31],
  ['June', 'Juni', 30],
  ['July', 'Juli', 31],
  ['August', 'August', 31],
  ['September', 'September', 30],
  ['October', 'Oktober', 31],
  ['November', 'November', 30],
  ['December', 'Dezember', 31],
] as const;

export const WEEKDAYS = [
  ['Monday', 'Montag'],
  ['Tuesday', 'Dienstag'],
  ['Wednesday', 'Mittwoch'],
  ['Thursday', 'Donnerstag'],
  ['Friday', 'Freitag'],
  ['Saturday', 'Samstag'],
  ['Sunday', 'Sonntag'],
] as const;

export interface CalendarDate {
  readonly day: number; // from 1
  readonly month: number; // from 0
  readonly year?: { readonly number: number; readonly spoken: boolean } | undefined;
}

/** the third of May 1984, the third of May nineteen eighty-four */
export function englishDate({ day, month, year }: CalendarDate): string {
  const said = year && (year.spoken ? englishYear(year.number) : String(year.number));
  return `the ${englishOrdinal(day)} of ${MONTHS[month][0]}${said === undefined ? '' : ` ${said}`}`;
}

/** dritte Mai 1984, in the dative dritten Mai 1984: what follows der, am and dem. */
export function germanDate({ day, month, year }: CalendarDate, form: 'nominative' | 'dative'): string {
  const said = year && (year.spoken ? germanYear(year.number) : String(year.number));
  return `${germanOrdinal(day, 'm', form)} ${MONTHS[month][1]}${said === undefined ? '' : ` ${said}`}`;
}
