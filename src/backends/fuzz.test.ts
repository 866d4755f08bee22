/**
 * Kernels at sizes drawn at random: the reference's result, on every backend that is here, or in the kernel programs
 * that scripts/check-kernels.mjs has built. And calls broken in one place: an error that says so, and never
 * a fault. A draw is named by kernel, seed and number, so what fails can be run again.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { KERNELS, type KernelName } from './abi.ts';
import type { Backend } from './backend.ts';
import { measure } from './conformance.ts';
import { availableBackends, openBackend } from './open.ts';
import { createReference } from './reference/reference.ts';
import { caseOf, drawCall } from './testing/calls.ts';
import { broken } from './testing/hostile.ts';
import { HOSTS, LastingHost } from './testing/hosts.ts';

const kernels = Object.keys(KERNELS) as KernelName[];
const SEED = Number(process.env.SHIFTADDNAS_FUZZ_SEED ?? '1');
/** Calls of each kernel. */
const RUNS = Number(process.env.SHIFTADDNAS_FUZZ_RUNS ?? '25');

type With = <T>(work: (backend: Backend) => T | Promise<T>) => Promise<T>;

const reference = createReference();
const foreign = createReference();

function agrees(withBackend: With): void {
  test.each(kernels)('%s of random sizes is the reference', { timeout: 600_000 }, async (kernel) => {
    const wrong: string[] = [];
    for (let number = 0; number < RUNS; number++) {
      const entry = caseOf(drawCall(kernel, SEED, number));
      try {
        const { error, tolerance } = await withBackend((backend) => measure(entry, backend, reference));
        if (!(error <= tolerance)) wrong.push(`${number}: ${entry.name}: ${error} > ${tolerance}`);
      } catch (error) {
        wrong.push(`${number}: ${entry.name}: ${error}`);
      }
    }
    expect(wrong).toEqual([]);
  });
}

function refuses(withBackend: With): void {
  test.each(kernels)('%s with one thing wrong', { timeout: 600_000 }, async (kernel) => {
    const wrong: string[] = [];
    for (let number = 0; number < RUNS; number++) {
      const call = broken(
        drawCall(kernel, SEED, number),
        Random.fromSeed(`broken ${kernel} ${SEED} ${number}`),
      );
      const told = await withBackend((backend) => call.run(backend, foreign)).then(
        () => (call.refused ? 'was carried out' : ''),
        (error) => (saysWhatIsWrong(error) ? '' : String(error)),
      );
      if (told !== '') wrong.push(`${number}: ${call.name}: ${told}`);
    }
    expect(wrong).toEqual([]);
  });
}

function saysWhatIsWrong(error: unknown): boolean {
  return error instanceof ShiftAddError && (error.code === 'shape' || error.code === 'internal');
}

for (const { name, present, reason } of await availableBackends()) {
  describe.skipIf(!present || HOSTS.length > 0)(`backend ${name} (${reason})`, async () => {
    const backend = await openBackend(present ? name : 'reference');
    afterAll(() => backend.dispose());
    if (name !== 'reference') agrees(async (work) => work(backend));
    refuses(async (work) => work(backend));
  });
}

for (const host of HOSTS) {
  describe(host.name, () => {
    const lasting = new LastingHost(host, 2);
    afterAll(() => lasting.dispose());
    agrees((work) => lasting.with(work));
    refuses((work) => lasting.with(work));
  });
}
