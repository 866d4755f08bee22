import { expect, test } from 'vitest';
import { checkLimits, parseLimit, parseLimits } from './limits.ts';

test('amounts with units, bare numbers and shares', () => {
  expect(parseLimit('energyMj', '5mJ')).toBe(5);
  expect(parseLimit('energyMj', '250 uJ')).toBeCloseTo(0.25, 12);
  expect(parseLimit('energyMj', '70%', 10)).toBeCloseTo(7, 12);
  expect(parseLimit('latencyMs', '2ms')).toBe(2);
  expect(parseLimit('latencyMs', '1.5s')).toBe(1500);
  expect(parseLimit('params', '1.5M')).toBe(1.5e6);
  expect(parseLimit('macs', 300e6)).toBe(300e6);
  expect(parseLimit('areaMm2', '1.5mm2')).toBe(1.5);
  expect(parseLimit('areaMm2', '2500 µm²')).toBeCloseTo(0.0025, 12);
  expect(parseLimit('areaMm2', '0.25')).toBe(0.25);
  expect(parseLimit('multiplications', '30%', 4e6)).toBeCloseTo(1.2e6, 6);
  expect(parseLimits({ energyMj: '50%', params: '2k' }, { energyMj: 8 })).toEqual({
    energyMj: 4,
    params: 2000,
  });
});

test('of what networks can do without, none is a limit', () => {
  for (const name of ['multiplications', 'additions', 'shifts'] as const) {
    expect(parseLimit(name, '0')).toBe(0);
    expect(parseLimit(name, '0 %', 5)).toBe(0);
  }
});

test('what cannot be a limit says why', () => {
  expect(() => parseLimit('energyMj', '5mW')).toThrow(/energyMj.*5mJ or 70%.*unknown unit "mW".*nearest mj/);
  expect(() => parseLimit('energyMj', 'five')).toThrow(/not a number/);
  expect(() => parseLimit('latencyMs', '-2ms')).toThrow(/not above zero/);
  expect(() => parseLimit('latencyMs', '70%')).toThrow(/needs a baseline/);
  expect(() => parseLimit('shifts', '70%', 0)).toThrow(
    'The limit on shifts cannot be a share such as "70%", because the network that it would be a share of has none; give a number, such as 300M, or 0 for none.',
  );
  expect(() => parseLimit('shifts', '-1')).toThrow(/must be an amount of at least 0 .*below zero/);
  for (const name of ['energyMj', 'latencyMs', 'params', 'macs', 'areaMm2'] as const)
    expect(() => parseLimit(name, '0')).toThrow(/must be a positive amount .*not above zero/);
  expect(() => parseLimit('areaMm2', '5m2')).toThrow(/unknown unit "m2"; known are um2, mm2, cm2/);
});

test('violations carry limit, allowance and value', () => {
  const limits = { energyMj: 5, latencyMs: 2 };
  expect(checkLimits(limits, { energyMj: 4, latencyMs: 2, params: 9, macs: 9 })).toEqual([]);
  expect(checkLimits(limits, { energyMj: 6, latencyMs: Number.NaN })).toEqual([
    { limit: 'energyMj', allowed: 5, value: 6 },
    { limit: 'latencyMs', allowed: 2, value: Number.NaN },
  ]);
});
