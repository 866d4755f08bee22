import { nearest, ShiftAddError } from '../core/errors.ts';

/**
 * Limits of a search: what a network may cost at most. Written as people write them ('5mJ', '2ms', '1.5M') or as a
 * share of a baseline ('70%' of the all-convolution network).
 */
export interface Limits {
  readonly energyMj?: number;
  readonly latencyMs?: number;
  readonly params?: number;
  readonly macs?: number;
  readonly areaMm2?: number;
  readonly multiplications?: number;
  readonly additions?: number;
  readonly shifts?: number;
}

export type LimitName = keyof Limits;
export type Costs = Readonly<Record<LimitName, number>>;

export interface Violation {
  readonly limit: LimitName;
  readonly allowed: number;
  readonly value: number;
}

const ENERGY = { pj: 1e-9, nj: 1e-6, uj: 1e-3, mj: 1, j: 1e3 };
const TIME = { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3 };
const AREA = { um2: 1e-6, mm2: 1, cm2: 100 };
const COUNT = { '': 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 };

const KINDS: Readonly<
  Record<
    LimitName,
    { units: Readonly<Record<string, number>>; bare: string; example: string /** May be 0. */; none?: true }
  >
> = {
  energyMj: { units: ENERGY, bare: 'mj', example: '5mJ' },
  latencyMs: { units: TIME, bare: 'ms', example: '2ms' },
  params: { units: COUNT, bare: '', example: '1.5M' },
  macs: { units: COUNT, bare: '', example: '300M' },
  areaMm2: { units: AREA, bare: 'mm2', example: '2mm2' },
  multiplications: { units: COUNT, bare: '', example: '20M', none: true },
  additions: { units: COUNT, bare: '', example: '300M', none: true },
  shifts: { units: COUNT, bare: '', example: '300M', none: true },
};

/**
 * One limit in mJ, ms, mm2 or a count. A bare number is in those units; '70%' is that share of `baseline`.
 * Throws 'usage' when it cannot be read, is a share of nothing, or is not positive; of multiplications, additions and
 * shifts it may be 0, for networks can do without.
 */
export function parseLimit(name: LimitName, text: string | number, baseline?: number): number {
  const { units, bare, example, none } = KINDS[name];
  const least = none ? 'an amount of at least 0' : 'a positive amount';
  const fail = (why: string): never => {
    throw new ShiftAddError(
      'usage',
      `The limit on ${name} must be ${least} such as ${example} or 70%, but is "${text}" (${why}).`,
      { limit: name, value: text },
    );
  };
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*((?:[a-zµμ]+[2²]?|%)?)\s*$/i.exec(
    String(text),
  );
  if (match === null) return fail('not a number with a unit');
  const amount = Number(match[1]);
  if (!Number.isFinite(amount)) return fail('not finite');
  if (none ? amount < 0 : !(amount > 0)) return fail(none ? 'below zero' : 'not above zero');
  const unit = match[2].toLowerCase().replace(/[µμ]/, 'u').replace('²', '2');
  if (unit === '%') {
    if (baseline === undefined) return fail('a share needs a baseline, and there is none here');
    if (baseline === 0) {
      throw new ShiftAddError(
        'usage',
        `The limit on ${name} cannot be a share such as "${text}", because the network that it would be a share of has none; give a number, such as ${example}${none ? ', or 0 for none' : ''}.`,
        { limit: name, value: text },
      );
    }
    return (amount / 100) * baseline;
  }
  const key = unit === '' ? bare : unit;
  if (Object.hasOwn(units, key)) return amount * units[key];
  const near = nearest(key, Object.keys(units)) ?? bare;
  return fail(
    `unknown unit "${match[2]}"; known are ${Object.keys(units).filter(Boolean).join(', ')}, nearest ${near}`,
  );
}

export type LimitTexts = { readonly [K in LimitName]?: string | number | undefined };

/** Several limits at once; shares are of the matching entry of `baseline`. */
export function parseLimits(texts: LimitTexts, baseline?: Partial<Costs>): Limits {
  const limits: { -readonly [K in LimitName]?: number } = {};
  for (const name of Object.keys(KINDS) as LimitName[]) {
    const text = texts[name];
    if (text !== undefined) limits[name] = parseLimit(name, text, baseline?.[name]);
  }
  return limits;
}

/** The limits a network breaks, with what it needs: empty when it keeps them all. A cost that is not given passes. */
export function checkLimits(limits: Limits, costs: Partial<Costs>): Violation[] {
  const violations: Violation[] = [];
  for (const limit of Object.keys(KINDS) as LimitName[]) {
    const allowed = limits[limit];
    const value = costs[limit];
    // NaN never passes: written as "not at most".
    if (allowed !== undefined && value !== undefined && !(value <= allowed)) {
      violations.push({ limit, allowed, value });
    }
  }
  return violations;
}
