/**
 * The conformance suite: what a backend must do to be one. Every case runs one kernel on inputs drawn from a
 * seed; a backend passes when its outputs stay within the case's tolerance of the reference's. It is part of the
 * product, so that a backend written elsewhere can be held to it.
 *
 *   for (const test of conformanceCases) {
 *     const { error, tolerance } = await measure(test, backend, createReference());
 *     if (!(error <= tolerance)) console.log(test.name, error);
 *   }
 */
import type { Backend } from './backend.ts';
import type { ConformanceCase } from './conformance/case.ts';
import { groupCases } from './conformance/groups.ts';
import { lightCases } from './conformance/light.ts';
import { rowKernelCases } from './conformance/rows.ts';
import { sequenceCases } from './conformance/sequence.ts';
import { windowCases } from './conformance/windows.ts';

export type { ConformanceCase } from './conformance/case.ts';

export const conformanceCases: readonly ConformanceCase[] = [
  ...windowCases,
  ...rowKernelCases,
  ...sequenceCases,
  ...lightCases,
  ...groupCases,
];

/** Runs a case on both; passed when error <= tolerance. */
export async function measure(
  test: ConformanceCase,
  backend: Backend,
  reference: Backend,
): Promise<{ readonly error: number; readonly tolerance: number }> {
  const error = test.error(await test.compute(backend), await test.compute(reference));
  return { error, tolerance: test.tolerance };
}
