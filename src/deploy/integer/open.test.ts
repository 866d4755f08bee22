import { afterEach, expect, test, vi } from 'vitest';
import { openProgram } from './open.ts';
import { randomProgram } from './testing/random-program.ts';

afterEach(() => vi.unstubAllEnvs());

test('a program is not run by another interpreter than SHIFTADDNAS_ISA names', () => {
  vi.stubEnv('SHIFTADDNAS_ISA', 'nonsense');
  expect(() => openProgram(randomProgram(1))).toThrow(/SHIFTADDNAS_ISA is "nonsense", which is no/);
});
