/**
 * Every backend that is present against the reference; an absent one is skipped, with its reason as a name. GPUs have a
 * suite of their own (webgpu/conformance.test.ts), for it runs without one too.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { KERNELS } from './abi.ts';
import type { Backend } from './backend.ts';
import type { Values } from './conformance/case.ts';
import { matmulCase } from './conformance/rows.ts';
import { convolutionCases } from './conformance/windows.ts';
import { conformanceCases, measure } from './conformance.ts';
import { GROUPS } from './groups.ts';
import { availableBackends, openBackend } from './open.ts';
import { createReference } from './reference/reference.ts';
import { bitsOf, sameBits } from './testing/bits.ts';
import { matmulShapes, windowShapes } from './testing/drawn-shapes.ts';

const presences = await availableBackends();
const kernels = Object.keys({ ...KERNELS, ...GROUPS });

test('the suite has cases for every kernel, with names of their own', () => {
  const covered = new Set(conformanceCases.map((entry) => entry.kernel));
  expect(kernels.filter((kernel) => !covered.has(kernel as never))).toEqual([]);
  expect(new Set(conformanceCases.map((entry) => entry.name)).size).toBe(conformanceCases.length);
});

/** What the reference gives, computed once for all backends. */
const reference = createReference();
const expected = new Map<string, Promise<Values[]>>();
function expectedOf(entry: (typeof conformanceCases)[number]): Promise<Values[]> {
  let outputs = expected.get(entry.name);
  if (outputs === undefined) expected.set(entry.name, (outputs = entry.compute(reference)));
  return outputs;
}

test('the reference gives the same bits twice, whatever its memory held before', async () => {
  const differing: string[] = [];
  for (const entry of conformanceCases) {
    const [once, again] = [await expectedOf(entry), await entry.compute(reference)];
    if (!once.every((values, i) => sameBits(bitsOf(values), bitsOf(again[i])))) differing.push(entry.name);
  }
  expect(differing).toEqual([]);
  expect(reference.memory().used).toBe(0);
});

for (const { name, present, reason } of presences) {
  if (name === 'reference' || name === 'webgpu') continue;
  describe.skipIf(!present)(`backend ${name} (${reason})`, async () => {
    const backend = present ? await openBackend(name) : reference;
    afterAll(() => {
      if (present) backend.dispose();
    });

    test.each(kernels)('%s is the reference', async (kernel) => {
      const wrong: string[] = [];
      for (const entry of conformanceCases) {
        if (entry.kernel !== kernel) continue;
        const error = entry.error(await entry.compute(backend), await expectedOf(entry));
        if (!(error <= entry.tolerance)) wrong.push(`${entry.name}: ${error} > ${entry.tolerance}`);
      }
      expect(wrong).toEqual([]);
    });

    test('windows of random shapes are the reference', async () => {
      await fc.assert(
        fc.asyncProperty(windowShapes, async (shape) => {
          for (const entry of convolutionCases(shape)) await holds(entry, backend);
        }),
        { numRuns: 150, seed: 7 },
      );
    });

    test('products of random shapes are the reference', async () => {
      await fc.assert(
        fc.asyncProperty(matmulShapes, (shape) => holds(matmulCase(shape), backend)),
        { numRuns: 150, seed: 8 },
      );
    });

    test('the same bits for any number of threads', async () => {
      const differing = new Set<string>();
      const first = new Map<string, Uint32Array[]>();
      for (const threads of [1, 2, 3]) {
        const other = await openBackend(name, { threads });
        for (const entry of conformanceCases) {
          const bits = (await entry.compute(other)).map(bitsOf);
          const before = first.get(entry.name) ?? bits;
          first.set(entry.name, before);
          if (!bits.every((words, i) => sameBits(words, before[i]))) differing.add(entry.name);
        }
        other.dispose();
      }
      expect([...differing]).toEqual([]);
    });
  });
}

async function holds(entry: (typeof conformanceCases)[number], backend: Backend): Promise<void> {
  const { error, tolerance } = await measure(entry, backend, reference);
  expect(error, entry.name).toBeLessThanOrEqual(tolerance);
}
