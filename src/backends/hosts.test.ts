/** The conformance suite over kernels in another process (scripts/check-kernels.mjs), a test for each case. */
import { afterAll, describe, expect, test } from 'vitest';
import type { Values } from './conformance/case.ts';
import { conformanceCases } from './conformance.ts';
import { createReference } from './reference/reference.ts';
import { HOSTS, LastingHost } from './testing/hosts.ts';

const reference = createReference();

test.skipIf(HOSTS.length > 0)('kernels in another process: see scripts/check-kernels.mjs', ({ skip }) => {
  skip('no kernel program was named');
});

for (const host of HOSTS) {
  describe(host.name, () => {
    const two = new LastingHost(host, 2);
    afterAll(() => two.dispose());

    for (const entry of conformanceCases) {
      test(entry.name, async () => {
        const found = await two.with((backend) => entry.compute(backend));
        const error = entry.error(found, await entry.compute(reference));
        expect(error).toBeLessThanOrEqual(entry.tolerance);
      });
    }

    test('the same bits with 1, 2 and 3 threads', { timeout: 600_000 }, async () => {
      const differing: string[] = [];
      const hosts = [1, 2, 3].map((threads) => new LastingHost(host, threads));
      for (const entry of conformanceCases) {
        const outputs: Values[][] = [];
        for (const one of hosts) outputs.push(await one.with((backend) => entry.compute(backend)));
        if (!outputs.every((found) => sameBits(found, outputs[0]))) differing.push(entry.name);
      }
      for (const one of hosts) one.dispose();
      expect(differing).toEqual([]);
    });
  });
}

/** Which NaN it is does not count. */
function sameBits(a: readonly Values[], b: readonly Values[]): boolean {
  return a.every((values, k) => values.every((value, i) => Object.is(value, b[k][i])));
}
