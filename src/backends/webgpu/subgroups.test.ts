/**
 * Reductions where lanes of a subgroup hand values to each other, and where they go through memory: the reference both
 * times, and the same bits. Skipped with the reason where nothing plays a GPU, or it has no subgroups.
 */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type ConformanceCase, conformanceCases } from '../conformance.ts';
import { createReference } from '../reference/reference.ts';
import { bitsOf } from '../testing/bits.ts';
import { testGpu } from '../testing/gpu.ts';
import { findAdapter } from './adapters.ts';
import { Queue } from './queue.ts';
import { createWebGpu } from './webgpu.ts';

vi.setConfig({ testTimeout: 240_000 });

const REDUCTIONS = [
  ...['softmaxForward', 'softmaxBackward', 'crossEntropy', 'labelCrossEntropy', 'layerNormForward'],
  ...['layerNormBackward', 'batchStatistics', 'batchNormBackward', 'reduce', 'sumsOfSquares'],
];

const gpu = await testGpu();
const { subgroup } = gpu.present ? await findAdapter(gpu.device) : { subgroup: 1 };

describe.skipIf(subgroup === 1)(gpu.present ? `subgroups of ${subgroup} and more` : gpu.reason, async () => {
  const device = gpu.device === undefined ? {} : { device: gpu.device };
  const open = (subgroups: boolean) =>
    gpu.present ? createWebGpu({ ...device, subgroups }) : createReference();
  const [within, plain, reference] = [await open(true), await open(false), createReference()];
  afterAll(() => {
    within.dispose();
    plain.dispose();
  });

  test.each(REDUCTIONS)('%s', async (kernel) => {
    const cases: readonly ConformanceCase[] = conformanceCases.filter((entry) => entry.kernel === kernel);
    const launch = vi.spyOn(Queue.prototype, 'launch');
    const names = new Set<string>();
    for (const entry of cases.filter((_, i) => i % 3 === 0)) {
      launch.mockClear();
      const found = await entry.compute(within);
      for (const [program] of launch.mock.calls) names.add(program.name);
      expect(entry.error(found, await entry.compute(reference)), entry.name).toBeLessThanOrEqual(
        entry.tolerance,
      );
      expect((await entry.compute(plain)).map(bitsOf), entry.name).toEqual(found.map(bitsOf));
    }
    launch.mockRestore();
    expect([...names].some((name) => name.endsWith(`subgroups ${subgroup}`))).toBe(true);
  });
});
