/** What the WebGPU backend promises beside its kernels; skipped with the reason where nothing plays a GPU. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Backend, Buffer } from '../backend.ts';
import { openPeaks } from '../peaks.ts';
import { ScopedMemory } from '../scopes.ts';
import { testGpu } from '../testing/gpu.ts';
import { adapterNames, findAdapter } from './adapters.ts';
import { openDevice } from './device.ts';
import { blocksOf } from './memory.ts';
import { Queue } from './queue.ts';
import { createWebGpu } from './webgpu.ts';

const gpu = await testGpu();

describe.skipIf(!gpu.present)(gpu.reason, () => {
  const opened: Backend[] = [];
  const open = async (): Promise<Backend> => {
    const backend = await gpu.open();
    opened.push(backend);
    return backend;
  };
  afterEach(() => {
    for (const backend of opened.splice(0)) backend.dispose();
  });
  const values = (backend: Backend, data: readonly number[], type?: 'int32'): Buffer => {
    const buffer = backend.allocate(data.length, type);
    backend.write(buffer, data);
    return buffer;
  };

  test('writes, launches and reads happen in the order of the calls', async () => {
    const backend = await open();
    const x = values(backend, [1, 2, 3]);
    const reads: Promise<Float32Array | Int32Array>[] = [];
    for (let i = 0; i < 5; i++) {
      backend.unary('affine', x, x, 3, 2, 1);
      reads.push(backend.read(x));
      backend.write(x, [i], 1);
    }
    const found = await Promise.all(reads);
    expect(found.map((one) => Array.from(one))).toEqual([
      [3, 5, 7],
      [7, 1, 15],
      [15, 3, 31],
      [31, 5, 63],
      [63, 7, 127],
    ]);
  });

  test('more launches than a command buffer takes, and memory that is used again meanwhile', async () => {
    const backend = await open();
    const sum = values(backend, [0]);
    for (let i = 0; i < 1500; i++) {
      const scope = backend.openScope();
      const one = backend.allocate(1);
      backend.fill(one, 1);
      backend.axpy(one, sum, 1, 1);
      scope.close();
    }
    expect(Array.from(await backend.read(sum))).toEqual([1500]);
    expect(backend.memory().used).toBe(64);
  });

  test('a training step is one command buffer', async () => {
    const { adapter, name } = await findAdapter(gpu.device);
    const device = await openDevice(adapter, name);
    const queue = new Queue(device);
    const memory = new ScopedMemory('test', blocksOf(queue));
    const submit = vi.spyOn(device.gpu.queue, 'submit');
    const step = { name: 'step', buffers: ['write y'], params: ['f32 by'], code: ONE };
    const [w, batch] = [memory.allocate(1, 'float32'), memory.allocate(1, 'float32')];
    for (let i = 0; i < 3; i++) {
      queue.write(memory.block(batch), 0, Float32Array.of(i));
      for (let launch = 0; launch < 50; launch++) queue.launch(step, [memory.block(w)], [1], 1);
      queue.launch(step, [memory.block(batch)], [1], 1);
    }
    expect(submit).toHaveBeenCalledTimes(2); // the third is still being filled
    const [bytes] = await queue.read([{ block: memory.block(w), bytes: 4 }]);
    expect(new Float32Array(bytes)[0]).toBe(150);
    expect(submit).toHaveBeenCalledTimes(3);
    device.close();
  });

  test('arguments that are one buffer', async () => {
    const backend = await open();
    const x = values(backend, [1, -2, 3, -4]);
    backend.binary('multiply', x, x, x, 1, 4, 'same');
    expect(Array.from(await backend.read(x))).toEqual([1, 4, 9, 16]);
    backend.softmaxForward(x, null, x, 1, 4, 0, 0);
    expect(Array.from(await backend.read(x))).toEqual([0.25, 0.25, 0.25, 0.25]);
    const y = values(backend, [5, 6]);
    backend.copyBlocks(y, y, 1, 1, { offset: 0, stride: 1 }, { offset: 1, stride: 1 }, true);
    expect(Array.from(await backend.read(y))).toEqual([5, 11]);
  });

  test('small tensors stand in slabs: written, read and used one beside the other', async () => {
    const backend = await open();
    const all = Array.from({ length: 300 }, (_, i) => values(backend, [i, -i, i / 2]));
    for (const [i, x] of all.entries()) if (i % 3 === 0) backend.free(x);
    const again = Array.from({ length: 50 }, (_, i) => values(backend, [1000 + i]));
    backend.binary('add', all[1], all[2], all[4], 1, 3, 'same');
    backend.write(all[1], [8], 2);
    const found = await Promise.all([all[4], all[1], all[5], again[49]].map((x) => backend.read(x)));
    expect(found.map((one) => Array.from(one))).toEqual([[3, -3, 1.5], [1, -1, 8], [5, -5, 2.5], [1049]]);
    const { reserved } = backend.memory();
    const long = backend.allocate(2 ** 19); // too long for a slab
    expect(backend.memory().reserved).toBeGreaterThanOrEqual(reserved + 2 ** 21);
    backend.fill(long, 3);
    expect((await backend.read(long))[2 ** 19 - 1]).toBe(3);
    expect(Array.from(await backend.read(all[5]))).toEqual([5, -5, 2.5]);
  });

  test('a step of many tensors is one launch', async () => {
    const backend = await open();
    const tensors = (by: number): Buffer[] =>
      Array.from({ length: 50 }, (_, i) => values(backend, new Array<number>(1 + 37 * i).fill(by + i)));
    const [w, g, velocity] = [tensors(0), tensors(100), tensors(0)];
    const shape = { rate: 1, momentum: 1, nesterov: false, decay: 0 };
    const parts = w.map((one, i) => ({
      ...{ w: one, g: g[i], velocity: velocity[i], length: one.length, shape },
    }));
    const launch = vi.spyOn(Queue.prototype, 'launch');
    backend.sgdSteps(parts);
    expect(launch).toHaveBeenCalledTimes(1);
    launch.mockRestore();
    // w - (v + g), with w = v = i and g = 100 + i
    for (const i of [0, 7, 49]) {
      expect(new Set(await backend.read(w[i])), `${i}`).toEqual(new Set([-100 - i]));
    }
  });

  test('an index that names no row is an error of the next read, and of no other', async () => {
    const backend = await open();
    const [table, y] = [values(backend, [1, 2, 3, 4]), values(backend, [7, 7, 7, 7])];
    for (const wrong of [-1, 2, 2 ** 30]) {
      backend.gatherRows(table, values(backend, [1, wrong], 'int32'), y, 2, 2);
      await expect(backend.read(y)).rejects.toMatchObject({ code: 'shape' });
      backend.scatterAddRows(y, values(backend, [0, wrong], 'int32'), table, 2, 2);
      await expect(backend.read(table)).rejects.toThrow('scatterAddRows: index 1 must name one of 2 places');
    }
    backend.gatherRows(table, values(backend, [1, 1], 'int32'), y, 2, 2);
    expect((await backend.read(y))[0]).toBe(3);
  });

  test('labels and lengths beyond what there is are errors of the next read', async () => {
    const backend = await open();
    const [logits, out] = [values(backend, [1, 2, 3, 4]), values(backend, [0, 0, 0, 0])];
    const labels = values(backend, [-1, 2], 'int32');
    backend.labelCrossEntropy(logits, labels, out, values(backend, [0, 0]), null, 2, 2, 0, 1);
    await expect(backend.read(out)).rejects.toThrow('labelCrossEntropy: index 1 must name one of 2');
    const shape = {
      n: 1,
      heads: 1,
      queries: 1,
      keys: 2,
      width: 2,
      keyRows: 2,
      causal: false,
      scale: 1,
      drop: 0,
    };
    const lengths = values(backend, [3], 'int32');
    backend.attentionForward(logits, logits, logits, lengths, out, values(backend, [0]), shape, [0, 0]);
    await expect(backend.read(out)).rejects.toThrow('attentionForward: index 0 must name one of 3');
  });

  test('more than the adapter allows in one buffer, in a sentence', async () => {
    const backend = await open();
    const { adapter } = await findAdapter(gpu.device);
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    const floats = Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4;
    if (floats >= 2 ** 34) return; // more than a buffer of any backend
    expect(() => backend.allocate(floats + 1)).toThrow(/allows at most \d+ in one; use a smaller batch/);
    const small = values(backend, [1]); // and the backend goes on
    expect(Array.from(await backend.read(small))).toEqual([1]);
  });

  test('memory that the GPU does not have, in a sentence', async () => {
    const { adapter, name } = await findAdapter(gpu.device);
    const device = await openDevice(adapter, name);
    // SwiftShader gives what the system has: the GPU's answer is played.
    vi.spyOn(device.gpu, 'popErrorScope').mockResolvedValueOnce({ message: 'out of memory' });
    device.buffer(64, 128);
    await expect(device.settled()).rejects.toMatchObject({ code: 'run' });
    expect(() => device.buffer(64, 128)).toThrow(/has no 64 bytes of memory left; use a smaller batch/);
    device.close();
  });

  test('a GPU that is lost: the next calls say so, a read that waits ends', async () => {
    const { adapter, name } = await findAdapter(gpu.device);
    const device = await openDevice(adapter, name);
    const queue = new Queue(device);
    const memory = new ScopedMemory('test', blocksOf(queue));
    const block = memory.block(memory.allocate(1000, 'float32'));
    const waiting = queue.read([{ block, bytes: 4000 }]);
    device.gpu.destroy(); // what a driver that gives up looks like from here
    const lost = { code: 'run', message: expect.stringMatching(/was lost .* goes on with --resume/) };
    await expect(waiting.then(() => queue.finish())).rejects.toMatchObject(lost);
    await expect(queue.read([{ block, bytes: 4 }])).rejects.toMatchObject(lost);
    expect(() => memory.allocate(2 ** 20, 'float32')).toThrow(/was lost/);
    memory.dispose();
  });

  test('a backend that is disposed of gives everything back, and the process may end', async () => {
    const backend = await gpu.open();
    values(backend, [1, 2]);
    backend.dispose();
    expect(() => backend.allocate(1)).toThrow(/disposed/);
  });

  test('peaks of its arithmetic have rates, and give their memory back', async () => {
    const backend = await open();
    const peaks = openPeaks(backend)!;
    for (const name of ['multiplyAdd', 'maximumAdd'] as const)
      expect(await peaks.read(name), name).toBeGreaterThan(0);
    peaks.dispose();
    expect(backend.memory().used).toBe(0);
  });

  test('adapters by number and by part of the name; another name lists them', async () => {
    const names = await adapterNames();
    expect(names.length).toBeGreaterThan(0);
    const { name } = await findAdapter('0');
    expect(name).toBe(names[0]);
    expect((await findAdapter(names[0].slice(0, 5).toLowerCase())).name).toBe(names[0]);
    for (const device of ['no such GPU', '99']) {
      await expect(createWebGpu({ device })).rejects.toMatchObject({
        code: 'missing',
        message: expect.stringContaining(`0: ${names[0]}`),
      });
    }
  });

  test('nothing is computed on a processor that plays a GPU unless it is named', async () => {
    if (gpu.device === undefined) return; // there is a GPU
    await expect(createWebGpu()).rejects.toMatchObject({ code: 'missing' });
    expect(gpu.reason).toContain('computes on the processor');
  });
});

/** Adds p.by to the one element. */
const ONE = '@compute @workgroup_size(1) fn main() { y[0] += p.by; }';
