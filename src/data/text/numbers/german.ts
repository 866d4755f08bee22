/**
 * Numbers as German says them, written out: einhunderteins, einundzwanzigste, neunzehnhundertvierundachtzig, drei
 * Komma eins. Below a million they are one word; Million and Milliarde are feminine nouns.
 */
const SMALL = (
  'null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn ' +
  'siebzehn achtzehn neunzehn'
).split(' ');
const TENS = ['', '', 'zwanzig', 'dreißig', 'vierzig', 'fünfzig', 'sechzig', 'siebzig', 'achtzig', 'neunzig'];
/** Those that are not the number and -te. */
const ORDINALS = new Map([
  [1, 'erst'],
  [3, 'dritt'],
  [7, 'siebt'],
  [8, 'acht'],
]);

export type Gender = 'm' | 'f' | 'n';
export type Case = 'nominative' | 'accusative' | 'dative';

/** At the front of a word: ein, not eins. */
const inFront = (n: number): string => (n === 1 ? 'ein' : SMALL[n]);

function belowHundred(n: number): string {
  if (n < 20) return SMALL[n];
  const tens = TENS[Math.floor(n / 10)];
  return n % 10 === 0 ? tens : `${inFront(n % 10)}und${tens}`;
}

function belowThousand(n: number): string {
  if (n < 100) return belowHundred(n);
  return `${inFront(Math.floor(n / 100))}hundert${n % 100 === 0 ? '' : belowHundred(n % 100)}`;
}

/** einhundertein, as before tausend. */
function stem(n: number): string {
  return n % 100 === 1 ? belowThousand(n).slice(0, -1) : belowThousand(n);
}

function belowMillion(n: number): string {
  if (n < 1000) return belowThousand(n);
  return `${stem(Math.floor(n / 1000))}tausend${n % 1000 === 0 ? '' : belowThousand(n % 1000)}`;
}

function counted(n: number, one: string, many: string): string[] {
  if (n === 0) return [];
  if (n === 1) return [`eine ${one}`];
  return [`${n % 100 === 1 ? `${stem(n)}e` : belowThousand(n)} ${many}`];
}

/** `n`: a whole number from 0 to below 10^12. */
export function germanCardinal(n: number): string {
  const rest = n % 1e6;
  return [
    ...counted(Math.floor(n / 1e9), 'Milliarde', 'Milliarden'),
    ...counted(Math.floor(n / 1e6) % 1000, 'Million', 'Millionen'),
    ...(rest > 0 || n === 0 ? [belowMillion(rest)] : []),
  ].join(' ');
}

/** The article of one: ein Hund, eine Katze, einen Hund, einem Buch. */
export function germanOne(gender: Gender, form: Case): string {
  if (gender === 'f') return form === 'dative' ? 'einer' : 'eine';
  if (form === 'dative') return 'einem';
  return gender === 'm' && form === 'accusative' ? 'einen' : 'ein';
}

/** der, die, das as `form` has it. */
export function germanThe(gender: Gender, form: Case): string {
  if (gender === 'f') return form === 'dative' ? 'der' : 'die';
  if (form === 'dative') return 'dem';
  return gender === 'm' ? (form === 'accusative' ? 'den' : 'der') : 'das';
}

/** After der, die, das: dritte or dritten. `n`: from 1 to below 10^6. */
export function germanOrdinal(n: number, gender: Gender, form: Case): string {
  const last = n % 100;
  const ending = form === 'dative' || (form === 'accusative' && gender === 'm') ? 'en' : 'e';
  if (last === 0 || last > 19) return `${belowMillion(n)}st${ending}`;
  const before = n === last ? '' : belowMillion(n - last);
  return `${before}${ORDINALS.get(last) ?? `${SMALL[last]}t`}${ending}`;
}

/** neunzehnhundertvierundachtzig, zweitausendfünf. `year`: 1100 to 2099. */
export function germanYear(year: number): string {
  if (year >= 2000) return belowMillion(year);
  const rest = year % 100;
  return `${SMALL[Math.floor(year / 100)]}hundert${rest === 0 ? '' : belowHundred(rest)}`;
}

/** drei Komma eins vier. `digits`: those after the comma. */
export function germanDecimal(whole: number, digits: readonly number[]): string {
  return `${germanCardinal(whole)} Komma ${digits.map((digit) => SMALL[digit]).join(' ')}`;
}
