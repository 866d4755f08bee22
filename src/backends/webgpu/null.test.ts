/**
 * Every program of the backend is valid to Dawn's compiler and fits its buffers, in every form that the conformance suite
 * asks for: on Dawn's null device, which checks everything and computes nothing. It has what real adapters may lack.
 * Skipped with the reason where the package webgpu is not.
 */
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { ShiftAddError } from '../../core/errors.ts';
import { conformanceCases } from '../conformance.ts';
import { nullGpu } from '../testing/null-gpu.ts';
import { findAdapter } from './adapters.ts';
import { createWebGpu } from './webgpu.ts';

vi.setConfig({ testTimeout: 300_000 });

/** Every other one: sizes are numbers, not code, and most cases differ in nothing else. */
const cases = conformanceCases.filter((_, i) => i % 2 === 0);

const gpu = await nullGpu();

describe.skipIf(typeof gpu === 'string')(typeof gpu === 'string' ? gpu : 'null device', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  afterAll(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  });

  test('memory that the device does not have is an error of the next read, though its use was refused before', async () => {
    const backend = await createWebGpu({ device: '0' });
    // the null device has 512 MiB
    for (let i = 0; i < 9; i++) backend.fill(backend.allocate(2 ** 24), 1);
    await expect(backend.read(backend.allocate(1))).rejects.toThrow(
      /has no 67108864 bytes of memory left; use a smaller batch/,
    );
    backend.dispose();
  });

  test.each([
    ['as they are', {}],
    ['without subgroups', { subgroups: false }],
    ['in half precision', { precision: 'half' }],
  ] as const)('programs %s', async (_, options) => {
    expect((await findAdapter('0')).subgroup).toBeGreaterThan(1);
    const backend = await createWebGpu({ device: '0', ...options });
    for (const entry of cases) {
      try {
        await entry.compute(backend);
      } catch (error) {
        // indices that the null device "finds" name nothing
        const { code, message } = error as ShiftAddError;
        expect(code, `${entry.name}: ${message}`).toBe('shape');
      }
    }
    backend.dispose();
  });
});
