/**
 * The Wasm module as V8's optimising compiler makes it: the other tests mostly meet the quick first compilation.
 */
import { setFlagsFromString } from 'node:v8';
import { afterAll, expect, test } from 'vitest';
import { conformanceCases } from '../conformance.ts';
import { createReference } from '../reference/reference.ts';
import { createWasm } from './wasm.ts';

setFlagsFromString('--no-liftoff');
const wasm = await createWasm({ threads: 1 });
const reference = createReference();
afterAll(() => {
  wasm.dispose();
  setFlagsFromString('--liftoff');
});

test('every conformance case is the reference', async () => {
  const wrong: string[] = [];
  for (const entry of conformanceCases) {
    const error = entry.error(await entry.compute(wasm), await entry.compute(reference));
    if (!(error <= entry.tolerance)) wrong.push(`${entry.name}: ${error} > ${entry.tolerance}`);
  }
  expect(wrong).toEqual([]);
});
