/** Numbers as people read them. A minus is a minus sign; units follow a narrow no-break space. */

const SPACE = '\u202f';

/** `91.3 %` of a fraction. */
export function percent(fraction: number, digits = 1): string {
  return `${signed((fraction * 100).toFixed(digits))}${SPACE}%`;
}

/** Three significant digits, no exponent: `0.0123`, `4.57`, `812`. */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return signed(value.toFixed(Math.min(decimals, 9)));
}

export function millijoule(value: number): string {
  return `${significant(value)}${SPACE}mJ`;
}

export function millisecond(value: number): string {
  return `${significant(value)}${SPACE}ms`;
}

export function squareMillimetre(value: number): string {
  return `${significant(value)}${SPACE}mm²`;
}

/** `0`, `940`, `12.3 k`, `1.23 M`, `4.56 G` */
export function count(value: number): string {
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= size) return `${significant(value / size)}${SPACE}${unit}`;
  }
  return String(Math.round(value));
}

/** `-32 %`: how far `value` is from `reference`; '' where that says nothing. */
export function change(value: number, reference: number): string {
  if (!(reference > 0)) return '';
  const delta = Math.round((value / reference - 1) * 100);
  return `${delta > 0 ? '+' : ''}${signed(String(delta))}${SPACE}%`;
}

/** `+0.4 points` between two scores from 0 to 100; '' where one is not known. */
export function scorePoints(mine: number | undefined, other: number | undefined): string {
  return mine === undefined || other === undefined ? '' : points((mine - other) / 100);
}

/** `+0.4 points` between two fractions. */
export function points(difference: number): string {
  const text = (difference * 100).toFixed(1);
  const size = Number(text);
  return `${size > 0 ? '+' : ''}${signed(size === 0 ? '0.0' : text)}\u00a0points`;
}

function signed(text: string): string {
  return text.replace('-', '\u2212');
}
