/** The kept Wasm files are those of the sources; `node scripts/build-wasm.mjs --check` also builds it again. */
import { expect, test } from 'vitest';
import { staleness } from './build-wasm.mjs';

test('kernels.wasm, pictures.wasm and integer.wasm are of the sources as they are', () => {
  expect(staleness()).toBe(null);
});
