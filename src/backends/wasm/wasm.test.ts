/** What is special about the Wasm backend; conformance.test.ts holds its kernels to the reference. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { ShiftAddError } from '../../core/errors.ts';
import type { Backend } from '../backend.ts';
import { availableBackends } from '../open.ts';
import { loadModule, MODULE_URL } from './module.ts';
import { createWasm, type WasmOptions } from './wasm.ts';
import { type WasmMemory, webAssembly } from './webassembly.ts';

const MIB = 2 ** 20;
const presence = (await availableBackends({ threads: 1 })).find(({ name }) => name === 'wasm');
const present = presence?.present === true;

const opened: Backend[] = [];
async function open(options: WasmOptions): Promise<Backend> {
  const backend = await createWasm(options);
  opened.push(backend);
  return backend;
}
afterEach(() => {
  for (const backend of opened.splice(0)) backend.dispose();
});

function caught(run: () => unknown): ShiftAddError {
  try {
    run();
  } catch (error) {
    if (error instanceof ShiftAddError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const square = (size: number) => ({
  ...{ batch: 1, m: size, n: size, k: size, transposeA: false, transposeB: false, alpha: 1 },
  accumulate: false,
});

/** Bits of a product of two random matrices; large enough to be shared among threads. */
async function productOf(backend: Backend, seed: number): Promise<Float32Array> {
  const size = 160;
  const [a, b, y] = [0, 1, 2].map(() => backend.allocate(size * size));
  backend.random('normal', a, [seed, 1]);
  backend.random('normal', b, [seed, 2]);
  backend.matmul(a, b, y, square(size));
  const values = (await backend.read(y)) as Float32Array;
  for (const buffer of [a, b, y]) backend.free(buffer);
  return values;
}

/** toEqual() takes its time with long arrays. */
function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

describe.skipIf(!present)(`the wasm backend (${presence?.reason})`, () => {
  // The first test: those of the others may still be ending while the next one runs.
  test.skipIf(!existsSync('/proc/self/task'))(
    'workers come up, do not keep the process alive, and end with dispose (needs /proc to count threads)',
    async () => {
      const threads = () => readdirSync('/proc/self/task').length;
      const awaited = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
      await productOf(await open({ threads: 1 }), 1);
      const before = { threads: threads(), awaited: awaited() };
      const backend = await open({ threads: 4 });
      expect(threads()).toBe(before.threads);
      await productOf(backend, 1);
      expect(threads()).toBe(before.threads + 3);
      expect(awaited()).toBe(before.awaited);
      backend.dispose();
      await until(() => threads() === before.threads);
    },
  );

  test('launches while workers come up, and after, give the same bits', async () => {
    const expected = await productOf(await open({ threads: 1 }), 9);
    const backend = await open({ threads: 3 });
    for (let i = 0; i < 40; i++) {
      expect(sameBits(await productOf(backend, 9), expected)).toBe(true);
      if (i % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  test('threads and memory that cannot be are refused', async () => {
    for (const threads of [0, 1.5, Number.NaN, 5000])
      await expect(open({ threads })).rejects.toThrow(/threads must be a whole number/);
    for (const memory of [0, MIB, 2 ** 32, Number.NaN])
      await expect(open({ memory })).rejects.toThrow(/memory must be between/);
  });

  test('bytes that are no module are an error of code missing', async () => {
    await expect(open({ module: new Uint8Array([1, 2, 3]) })).rejects.toMatchObject({ code: 'missing' });
  });

  test('a module given as bytes computes what the own one does', async () => {
    const own = await open({ threads: 1 });
    const given = await open({ threads: 1, module: readFileSync(MODULE_URL) });
    expect(sameBits(await productOf(given, 5), await productOf(own, 5))).toBe(true);
  });

  test('memory grows, and what was written stays readable', async () => {
    const backend = await open({ threads: 1 });
    const first = backend.allocate(4);
    backend.write(first, [1, 2, 3, 4]);
    const large = backend.allocate(16 * MIB);
    backend.write(large, [5, 6], 16 * MIB - 2);
    backend.axpy(first, first, 4, 1);
    expect([...(await backend.read(first))]).toEqual([2, 4, 6, 8]);
    expect([...(await backend.read(large)).slice(-2)]).toEqual([5, 6]);
  });

  test('memory that runs out is an error with the sizes, and the backend goes on', async () => {
    const backend = await open({ threads: 1, memory: 16 * MIB });
    const kept = backend.allocate(MIB);
    const error = caught(() => backend.allocate(4 * MIB));
    expect(error.code).toBe('run');
    expect(error.message).toMatch(
      /backend wasm could not get 16777216 bytes .* use a smaller batch or a smaller network/,
    );
    // More than 32-bit addresses reach.
    expect(caught(() => backend.allocate(2 ** 31)).code).toBe('run');
    backend.fill(kept, 3);
    expect((await backend.read(kept))[MIB - 1]).toBe(3);
  });

  test('scratch space that runs out is an error of the kernel', async () => {
    const backend = await open({ threads: 1, memory: 16 * MIB });
    const size = 1024;
    const [a, b, y] = [0, 1, 2].map(() => backend.allocate(size * size));
    expect(caught(() => backend.matmul(a, b, y, square(size))).message).toMatch(
      /could not run matmul: .* scratch space/,
    );
    backend.fill(y, 3);
    expect((await backend.read(y))[size]).toBe(3);
  });

  test('several backends side by side do not touch each other', async () => {
    const [one, two] = [await open({ threads: 2 }), await open({ threads: 3 })];
    const alone = [await productOf(one, 1), await productOf(two, 2)];
    const a = one.allocate(1000);
    const b = two.allocate(1000);
    one.fill(a, 1);
    two.fill(b, 2);
    expect(sameBits(await productOf(two, 1), alone[0])).toBe(true);
    expect(sameBits(await productOf(one, 2), alone[1])).toBe(true);
    one.dispose();
    expect([...new Set(await two.read(b))]).toEqual([2]);
    expect(sameBits(await productOf(two, 1), alone[0])).toBe(true);
  });
});

describe.skipIf(!present)('memory of the module', () => {
  test('random requests: aligned, never overlapping, and all of it is one piece again at the end', async () => {
    const memory: WasmMemory = new webAssembly!.Memory({ initial: 32, maximum: 1024, shared: true });
    const { exports } = await webAssembly!.instantiate(await loadModule(), { env: { memory } });
    const { allocate, release } = exports as {
      allocate(bytes: number): number;
      release(address: number): void;
    };
    const held = new Map<number, number>();
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refused = 0;
    for (let i = 0; i < 4000; i++) {
      if (held.size > 0 && random(100) < 45) {
        const address = [...held.keys()][random(held.size)];
        release(address);
        held.delete(address);
        continue;
      }
      const bytes = random(2) === 0 ? random(300) : random(3_000_000);
      const address = allocate(bytes);
      if (address === 0) {
        refused++;
        continue;
      }
      expect(address % 64).toBe(0);
      expect(address + bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
      for (const [other, size] of held)
        if (address < other + size && other < address + bytes)
          expect.unreachable(`${address} overlaps ${other}`);
      held.set(address, bytes);
    }
    // The limit of 64 MiB was met on the way, so pieces were used again.
    expect(refused).toBeGreaterThan(0);
    for (const address of held.keys()) release(address);
    expect(allocate(62 * MIB)).toBeGreaterThan(0);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
