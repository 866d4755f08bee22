/**
 * The conformance suite on a GPU, or on a program that plays one (testing/gpu.ts); where neither is there it is skipped,
 * with the reason as a name. A program takes its time: cases are all run once, and the same bits twice are asked of some.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { KERNELS } from '../abi.ts';
import type { Backend } from '../backend.ts';
import { matmulCase } from '../conformance/rows.ts';
import { convolutionCases } from '../conformance/windows.ts';
import { type ConformanceCase, conformanceCases, measure } from '../conformance.ts';
import { GROUPS } from '../groups.ts';
import { createReference } from '../reference/reference.ts';
import { bitsOf, sameBits } from '../testing/bits.ts';
import { matmulShapes, windowShapes } from '../testing/drawn-shapes.ts';
import { testGpu } from '../testing/gpu.ts';

vi.setConfig({ testTimeout: 300_000 });

const gpu = await testGpu();
const reference = createReference();

describe.skipIf(!gpu.present)(gpu.reason, async () => {
  const backend: Backend = gpu.present ? await gpu.open() : reference;
  afterAll(() => backend.dispose());

  const holds = async (entry: ConformanceCase): Promise<void> => {
    const { error, tolerance } = await measure(entry, backend, reference);
    expect(error, entry.name).toBeLessThanOrEqual(tolerance);
  };

  test.each(Object.keys({ ...KERNELS, ...GROUPS }))('%s is the reference', async (kernel) => {
    const wrong: string[] = [];
    for (const entry of conformanceCases) {
      if (entry.kernel !== kernel) continue;
      const { error, tolerance } = await measure(entry, backend, reference);
      if (!(error <= tolerance)) wrong.push(`${entry.name}: ${error} > ${tolerance}`);
    }
    expect(wrong).toEqual([]);
    expect(backend.memory().used).toBe(0);
  });

  test('windows of random shapes are the reference', async () => {
    await fc.assert(
      fc.asyncProperty(windowShapes, async (shape) => {
        for (const entry of convolutionCases(shape)) await holds(entry);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  test('products of random shapes are the reference', async () => {
    await fc.assert(
      fc.asyncProperty(matmulShapes, (shape) => holds(matmulCase(shape))),
      { numRuns: 60, seed: 8 },
    );
  });

  test('the same bits again, from every fifth case', async () => {
    const differing: string[] = [];
    for (const entry of conformanceCases.filter((_, i) => i % 5 === 0)) {
      const [once, again] = [await entry.compute(backend), await entry.compute(backend)];
      if (!once.every((values, i) => sameBits(bitsOf(values), bitsOf(again[i])))) differing.push(entry.name);
    }
    expect(differing).toEqual([]);
  });
});
