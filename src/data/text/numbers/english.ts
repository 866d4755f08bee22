/** Numbers as British English says them: one hundred and one, twenty-first, nineteen eighty-four, three point one. */
const SMALL = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ' +
  'seventeen eighteen nineteen'
).split(' ');
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const SCALES = [
  [1e9, 'billion'],
  [1e6, 'million'],
  [1e3, 'thousand'],
] as const;

function belowHundred(n: number): string {
  if (n < 20) return SMALL[n];
  return n % 10 === 0 ? TENS[n / 10] : `${TENS[Math.floor(n / 10)]}-${SMALL[n % 10]}`;
}

function belowThousand(n: number): string {
  if (n < 100) return belowHundred(n);
  const hundreds = `${SMALL[Math.floor(n / 100)]} hundred`;
  return n % 100 === 0 ? hundreds : `${hundreds} and ${belowHundred(n % 100)}`;
}

/** `n`: a whole number from 0 to below 10^12. */
export function englishCardinal(n: number): string {
  const parts: string[] = [];
  let rest = n;
  for (const [scale, name] of SCALES) {
    if (rest >= scale) parts.push(`${belowThousand(Math.floor(rest / scale))} ${name}`);
    rest %= scale;
  }
  if (rest > 0 || n === 0)
    parts.push(rest < 100 && n >= 1000 ? `and ${belowHundred(rest)}` : belowThousand(rest));
  return parts.join(' ');
}

const IRREGULAR = new Map([
  ['one', 'first'],
  ['two', 'second'],
  ['three', 'third'],
  ['five', 'fifth'],
  ['eight', 'eighth'],
  ['nine', 'ninth'],
  ['twelve', 'twelfth'],
]);

/** first, twenty-first, one hundred and fifth. `n`: from 1. */
export function englishOrdinal(n: number): string {
  const cardinal = englishCardinal(n);
  const at = Math.max(cardinal.lastIndexOf(' '), cardinal.lastIndexOf('-')) + 1;
  const last = cardinal.slice(at);
  return cardinal.slice(0, at) + (IRREGULAR.get(last) ?? `${last.replace(/y$/u, 'ie')}th`);
}

/** nineteen eighty-four, nineteen oh five, two thousand and five, twenty ten. `year`: 1100 to 2099. */
export function englishYear(year: number): string {
  if (year >= 2000 && year < 2010) return englishCardinal(year);
  const century = belowHundred(Math.floor(year / 100));
  const rest = year % 100;
  if (rest === 0) return `${century} hundred`;
  return `${century} ${rest < 10 ? `oh ${SMALL[rest]}` : belowHundred(rest)}`;
}

/** three point one four. `digits`: those after the point. */
export function englishDecimal(whole: number, digits: readonly number[]): string {
  return `${englishCardinal(whole)} point ${digits.map((digit) => SMALL[digit]).join(' ')}`;
}
