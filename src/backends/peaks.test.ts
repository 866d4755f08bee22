import { expect, test } from 'vitest';
import type { Backend } from './backend.ts';
import { availableBackends, openBackend } from './open.ts';
import { openPeaks, PEAK_NAMES, PEAKS } from './peaks.ts';
import { createReference } from './reference/reference.ts';

const present = (await availableBackends()).filter((backend) => backend.present).map(({ name }) => name);

test('the reference has no peaks', () => {
  const backend = createReference();
  expect(openPeaks(backend)).toBeUndefined();
  backend.dispose();
});

test('kinds are numbered without gaps, as native/peaks.h numbers them', () => {
  expect(PEAK_NAMES.flatMap((name) => [...PEAKS[name].kinds])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.skipIf(!present.includes('native'))(
  'native: every peak has a rate (needs the native kernels)',
  async () => {
    const backend: Backend = await openBackend('native', { threads: 2 });
    const peaks = openPeaks(backend)!;
    for (const name of PEAK_NAMES) expect(peaks.read(name), name).toBeGreaterThan(0);
    peaks.dispose();
    expect(backend.memory().used).toBe(0);
    backend.dispose();
  },
);
