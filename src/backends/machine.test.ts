/** How calls are flattened for a machine, seen by one that only writes down what it was given. */
import { describe, expect, test } from 'vitest';
import { KERNELS, type Machine } from './abi.ts';
import { createMachineBackend } from './machine.ts';

interface Recorder extends Machine {
  /** Kernel and the first arguments of the last launch. */
  last(count: number): [string, ...number[]];
  limit: number;
}

/** Addresses are offsets into one array; no kernel does anything. */
function recorder(kernels: readonly string[] = Object.keys(KERNELS)): Recorder {
  const memory = new Float32Array(1 << 16);
  let next = 64;
  let launched = -1;
  return {
    name: 'recorder',
    description: 'writes down what it is given',
    threads: 1,
    kernels,
    arguments: new Float64Array(64),
    limit: memory.byteLength,
    allocate(bytes) {
      const address = next;
      if (address + bytes > this.limit) return 0;
      next += bytes;
      return address;
    },
    free() {
      // One array serves to the end.
    },
    write(address, data) {
      memory.set(data, address / 4);
    },
    read(address, data) {
      data.set(memory.subarray(address / 4, address / 4 + data.length));
    },
    run(kernel) {
      launched = kernel;
    },
    last(count) {
      return [kernels[launched], ...this.arguments.subarray(0, count)];
    },
    dispose() {
      // Nothing to give back.
    },
  };
}

describe('a backend over a machine', () => {
  const machine = recorder();
  const backend = createMachineBackend(machine);
  // 64 bytes each, one after the other.
  const [a, b, c, d] = [16, 16, 16, 16].map((length) => backend.allocate(length));
  const index = backend.allocate(4, 'int32');
  const address = [64, 128, 192, 256];

  test('objects are flattened in the order of their fields', () => {
    const window = { n: 1, h: 2, w: 3, c: 1, r: 1, s: 2, m: 2, stride: 1, pad: 0, groups: 1, e: 2, f: 2 };
    backend.adderWeightGradient(a, b, c, d, window);
    expect(machine.last(16)).toEqual(['adderWeightGradient', ...address, ...Object.values(window)]);
    const product = { batch: 1, m: 2, n: 3, k: 4, transposeA: true, transposeB: false, alpha: 0.5 };
    backend.matmul(a, b, c, { ...product, accumulate: true });
    expect(machine.last(11)).toEqual(['matmul', 64, 128, 192, 1, 2, 3, 4, 1, 0, 0.5, 1]);
    const moments = { rate: 1, beta1: 2, beta2: 3, epsilon: 4, decay: 5, step1: 6, step2: 7 };
    backend.adamStep(a, b, c, d, 9, { ...moments, normalised: true });
    expect(machine.last(13)).toEqual(['adamStep', ...address, 9, 1, 2, 3, 4, 5, 6, 7, 1]);
    backend.sgdStep(a, b, c, 9, { rate: 1, momentum: 2, nesterov: true, decay: 3 });
    expect(machine.last(8)).toEqual(['sgdStep', 64, 128, 192, 9, 1, 2, 1, 3]);
  });

  test('null is address 0, a union its place', () => {
    const norm = { rows: 2, channels: 3, epsilon: 0.5, activation: 'relu', throughStatistics: true } as const;
    backend.batchNormBackward(a, a, a, a, a, b, b, c, c, d, null, norm);
    const addresses = [64, 64, 64, 64, 64, 128, 128, 192, 192, 256, 0];
    expect(machine.last(16)).toEqual(['batchNormBackward', ...addresses, 2, 3, 0.5, 1, 1]);
    backend.unary('fixedPoint', a, b, 5, 16, 8);
    expect(machine.last(6)).toEqual(['unary', 20, 64, 128, 5, 16, 8]);
    backend.unary('copy', a, b, 5);
    expect(machine.last(6)).toEqual(['unary', 0, 64, 128, 5, 0, 0]);
    backend.binary('minimum', a, b, c, 2, 3, 'scalar');
    expect(machine.last(7)).toEqual(['binary', 5, 64, 128, 192, 2, 3, 3]);
    backend.reduce('nonFinite', a, b, 1, 2, 3);
    expect(machine.last(6)).toEqual(['reduce', 3, 64, 128, 1, 2, 3]);
    backend.softmaxForward(a, null, b, 2, 3, 99, 0.5);
    expect(machine.last(7)).toEqual(['softmaxForward', 64, 0, 128, 2, 3, 0, 0.5]);
  });

  test('permute, copyBlocks, fill and random have their own order', () => {
    backend.permute(a, b, [2, 3], [1, 0]);
    expect(machine.last(7)).toEqual(['permute', 64, 128, 2, 2, 3, 1, 0]);
    backend.copyBlocks(a, b, 2, 3, { offset: 1, stride: 4 }, { offset: 2, stride: 5 }, true);
    expect(machine.last(9)).toEqual(['copyBlocks', 64, 128, 2, 3, 1, 4, 2, 5, 1]);
    backend.fill(a, 7);
    expect(machine.last(3)).toEqual(['fill', 64, 16, 7]);
    backend.random('normal', a, [-1, 5]);
    expect(machine.last(5)).toEqual(['random', 1, 64, 16, 0xffffffff, 5]);
    backend.write(index, [0, 3]);
    backend.gatherRows(a, index, b, 2, 4);
    expect(machine.last(5)).toEqual(['gatherRows', 64, 320, 128, 2, 4]);
  });

  test('a machine without a kernel is refused', () => {
    expect(() => createMachineBackend(recorder(['matmul']))).toThrow(/but convForward is not in it/);
  });

  test('memory that runs out is an error with the sizes', () => {
    const small = recorder();
    small.limit = 256;
    const full = createMachineBackend(small);
    full.allocate(32);
    expect(() => full.allocate(32)).toThrow('could not get 128 bytes of memory beyond the 128 it has');
  });
});
