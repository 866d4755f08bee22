import { describe, expect, test } from 'vitest';
import { availableBackends, type BackendName, openBackend } from './open.ts';

const presences = await availableBackends();
const native = presences.find((entry) => entry.name === 'native');

describe('opening a backend', () => {
  test('every backend is listed with what it is or why it is absent; the reference is always there', () => {
    expect(presences.map((entry) => entry.name)).toEqual(['webgpu', 'native', 'wasm', 'reference']);
    expect(presences.find((entry) => entry.name === 'reference')?.present).toBe(true);
    for (const { reason } of presences) expect(reason.length).toBeGreaterThan(10);
  });

  test('auto is the fastest that is present', async () => {
    const backend = await openBackend('auto');
    expect(backend.name).toBe(presences.find((entry) => entry.present)?.name);
    backend.dispose();
  });

  test('auto takes no GPU where threads share the memory, or are counted', async () => {
    for (const options of [{ shared: true }, { threads: 2 }]) {
      const backend = await openBackend('auto', options);
      expect(backend.name).not.toBe('webgpu');
      backend.dispose();
    }
  });

  test('a GPU that is named must be of the webgpu backend, and be there', async () => {
    await expect(openBackend('wasm', { device: '0' })).rejects.toThrow(/only the webgpu backend/);
    await expect(openBackend('auto', { device: 'no such GPU' })).rejects.toMatchObject({ code: 'missing' });
  });

  test('an unknown name is an error with the nearest one', async () => {
    await expect(openBackend('nativ' as BackendName)).rejects.toThrow(/did you mean "native"/);
  });

  test('threads are a whole number from 1', async () => {
    for (const threads of [0, 1.5, Number.NaN, 5000]) {
      await expect(openBackend('native', { threads })).rejects.toThrow(/threads must be a whole number/);
    }
  });

  test.skipIf(native?.present !== true)(
    `native takes the threads it is given (${native?.reason})`,
    async () => {
      const backend = await openBackend('native', { threads: 3 });
      expect(backend.threads).toBe(3);
      expect(backend.description).toMatch(/^native: \w+, 3 threads$/);
      backend.dispose();
      expect(() => backend.allocate(1)).toThrow(/disposed/);
    },
  );
});
