import { describe, expect, test } from 'vitest';
import { rateAt, type ScheduleConfig } from './schedule.ts';

const base: ScheduleConfig = { kind: 'cosine', rate: 0.8, warmupSteps: 4, steps: 24, floor: 0.2 };

describe('rateAt', () => {
  test.each(['cosine', 'constant', 'steps'] as const)('warms up linearly to the peak: %s', (kind) => {
    const rates = [0, 1, 2, 3].map((step) => rateAt({ ...base, kind }, step));
    [0.2, 0.4, 0.6, 0.8].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 12);
    });
  });

  test.each([
    [4, 0.8],
    [9, 0.2 + 0.6 * 0.5 * (1 + Math.SQRT1_2)],
    [14, 0.5],
    [19, 0.2 + 0.6 * 0.5 * (1 - Math.SQRT1_2)],
    [24, 0.2],
    [1000, 0.2],
  ])('cosine from the peak to the floor: step %d -> %d', (step, rate) => {
    expect(rateAt(base, step)).toBeCloseTo(rate, 12);
  });

  test('constant stays at the peak', () => {
    expect([4, 20, 24].map((step) => rateAt({ ...base, kind: 'constant' }, step))).toEqual([0.8, 0.8, 0.8]);
  });

  test('steps divide by ten at their milestones, at a half and three quarters by default', () => {
    const config: ScheduleConfig = { ...base, kind: 'steps', warmupSteps: 0, steps: 100 };
    const at = (step: number, milestones?: readonly number[]) =>
      rateAt(milestones === undefined ? config : { ...config, milestones }, step);
    [0.8, 0.8, 0.08, 0.08, 0.008].forEach((rate, i) => {
      expect(at([0, 49, 50, 74, 75][i])).toBeCloseTo(rate, 12);
    });
    [0.8, 0.08, 0.08].forEach((rate, i) => {
      expect(at([89, 90, 99][i], [0.9])).toBeCloseTo(rate, 12);
    });
  });

  test('without warm-up the first step has the peak, and a run of warm-up alone divides by nothing', () => {
    expect(rateAt({ ...base, warmupSteps: 0 }, 0)).toBe(0.8);
    expect(rateAt({ ...base, warmupSteps: 24 }, 23)).toBeCloseTo(0.8, 12);
    expect(Number.isFinite(rateAt({ ...base, warmupSteps: 24 }, 24))).toBe(true);
  });
});
