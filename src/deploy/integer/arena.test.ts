import { expect, test } from 'vitest';
import { planArena } from './arena.ts';
import { inputsOf } from './program.ts';
import { randomProgram } from './testing/random-program.ts';

test('values that live at the same time never share memory, others do', () => {
  let saved = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { values, operations } = randomProgram(seed);
    const bytes = (value: number) => values[value].shape.reduce((a, b) => a * b, 1);
    const { offsets, bytes: total } = planArena({ values, operations }, bytes, 16);
    const last = values.map((_, value) => value);
    for (const [i, operation] of operations.entries()) for (const x of inputsOf(operation)) last[x] = i + 1;
    values.forEach((_, a) => {
      expect(offsets[a] % 16).toBe(0);
      expect(offsets[a] + bytes(a)).toBeLessThanOrEqual(total);
      for (let b = a + 1; b <= last[a]; b++) {
        expect(offsets[a] + bytes(a) <= offsets[b] || offsets[b] + bytes(b) <= offsets[a]).toBe(true);
      }
    });
    saved += values.reduce((sum, _, value) => sum + bytes(value), 0) - total;
  }
  expect(saved).toBeGreaterThan(0);
});
