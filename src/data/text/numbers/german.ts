/** Numbers as German says them, written out in full: einhunderteins, eine Million zweitausend. */
const SMALL = (
  'null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn ' +
  'siebzehn achtzehn neunzehn'
).split(' ');
const TENS = ['', '', 'zwanzig', 'dreißig', 'vierzig', 'fünfzig', 'sechzig', 'siebzig', 'achtzig', 'neunzig'];

/** As the front of a longer word: ein, not eins. */
const stem = (n: number): string => (n === 1 ? 'ein' : SMALL[n]);

function belowHundred(n: number): string {
  if (n < 20) return SMALL[n];
  const tens = TENS[Math.floor(n / 10)];
  return n % 10 === 0 ? tens : `${stem(n % 10)}und${tens}`;
}

function belowThousand(n: number): string {
  if (n < 100) return belowHundred(n);
  return `${stem(Math.floor(n / 100))}hundert${n % 100 === 0 ? '' : belowHundred(n % 100)}`;
}

/** Before tausend: einhunderteintausend, not einhunderteinstausend. */
function beforeThousand(n: number): string {
  return n % 100 === 1 ? belowThousand(n).slice(0, -1) : belowThousand(n);
}

function belowMillion(n: number): string {
  if (n < 1000) return belowThousand(n);
  return `${beforeThousand(Math.floor(n / 1000))}tausend${n % 1000 === 0 ? '' : belowThousand(n % 1000)}`;
}

/** `n`: a whole number from 0 to below 10^12. */
export function germanCardinal(n: number): string {
  const parts: string[] = [];
  const billions = Math.floor(n / 1e9);
  const millions = Math.floor((n % 1e9) / 1e6);
  const rest = n % 1e6;
  if (billions > 0) parts.push(billions === 1 ? 'eine Milliarde' : `${feminine(billions)} Milliarden`);
  if (millions > 0) parts.push(millions === 1 ? 'eine Million' : `${feminine(millions)} Millionen`);
  if (rest > 0 || n === 0) parts.push(belowMillion(rest));
  return parts.join(' ');
}

/** Before Millionen: einhunderteine Millionen. */
function feminine(n: number): string {
  return n % 100 === 1 ? `${beforeThousand(n)}e` : belowThousand(n);
}
