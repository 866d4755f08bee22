/** Checkpoints as they are written: the bytes that versions before wrote at once, one tensor after the other. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeSafetensors, sourcesOf, type TensorData } from '../core/safetensors.ts';
import type { TensorSource } from '../core/safetensors-writer.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { encodeState } from './state.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'checkpoint-'));
  path = join(dir, 'supernet.safetensors');
});
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

const STATE = { step: 12, name: 'ü"\n' };
const TENSORS = new Map<string, TensorData>([
  ['weight:stem', { shape: [2, 3], data: Float32Array.of(0, -0, 1.5, 2, Infinity, 1e-40) }],
  ['moment:stem/first', { shape: [6], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ['7', { shape: [], data: Int32Array.of(-1) }],
  ['empty', { shape: [0], data: new Float32Array(0) }],
]);

/** COUNT tensors of LENGTH numbers, and what is called when one is asked for. */
const [COUNT, LENGTH] = [12, 1000];
function tensorsThat(read: (at: number) => Float32Array | Promise<Float32Array>): Map<string, TensorSource> {
  const name = (at: number) => `tensor ${String(at).padStart(2, '0')}`;
  const source = (at: number) => ({ shape: [LENGTH], type: 'float32' as const, read: () => read(at) });
  return new Map(Array.from({ length: COUNT }, (_, at) => [name(at), source(at)]));
}
const values = (at: number) => new Float32Array(LENGTH).fill(at);

type Write = (
  ...given: [file: number, data: Uint8Array, offset: number, length: number, position: number | null]
) => number;
const writingBy = (writeSync: Write) => ({ ...fs, writeSync }) as typeof fs;

describe('bytes', () => {
  test('golden SHA-256 of the file (version 0.1.0 of this program, which encoded all tensors at once)', async () => {
    await saveCheckpoint(path, { state: STATE, tensors: sourcesOf(TENSORS) });
    const sha256 = createHash('sha256').update(fs.readFileSync(path)).digest('hex');
    expect(sha256).toBe('d814dd76e57066b46b125d12fda32cc55aa1b3d7d2a17902d7b4eeabf374be84');
  });

  test('what is streamed is what is collected, hashed and encoded', async () => {
    const state = encodeState(STATE);
    const hash = createHash('sha256').update(JSON.stringify(state));
    for (const [name, { shape, data }] of [...TENSORS].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(JSON.stringify([name, data.constructor.name, shape])).update(new Uint8Array(data.buffer));
    }
    const metadata = { format: 'shiftaddnas-checkpoint-1', sha256: hash.digest('hex'), state };
    const later = Array.from(TENSORS, ([name, { shape, data }]): [string, TensorSource] => {
      const type = data instanceof Int32Array ? 'int32' : 'float32';
      return [name, { shape, type, read: async () => data }];
    });
    await saveCheckpoint(path, { state: STATE, tensors: new Map(later.reverse()) });
    expect(fs.readFileSync(path).equals(encodeSafetensors(TENSORS, metadata))).toBe(true);
  });
});

describe('memory', () => {
  test('a tensor is asked for when the one before is on the disk', async () => {
    let [held, most, left] = [0, 0, 0];
    const tensors = tensorsThat(async (at) => {
      await new Promise(setImmediate);
      most = Math.max(most, ++held);
      left = 4 * LENGTH;
      return values(at);
    });
    const system = writingBy((file, data, offset, length, position) => {
      // in pieces, as a slow disk takes them; the header comes when no tensor is held
      const written = fs.writeSync(file, data, offset, Math.min(length, 1500), position);
      if (held > 0 && (left -= written) === 0) held--;
      return written;
    });
    await saveCheckpoint(path, { state: {}, tensors }, system);
    expect([most, held, left]).toEqual([1, 0, 0]);
    const loaded = loadCheckpoint(path)!.tensors;
    expect(Array.from(loaded.values(), ({ data }) => data)).toEqual(
      Array.from({ length: COUNT }, (_, at) => values(at)),
    );
  });

  test('nobody holds a tensor that is written', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const given: WeakRef<Float32Array>[] = [];
    const alive: number[] = [];
    const tensors = tensorsThat(async (at) => {
      await new Promise(setImmediate); // what was made in one turn lives as long as that
      collect();
      alive.push(given.filter((one) => one.deref() !== undefined).length);
      const data = values(at);
      given.push(new WeakRef(data));
      return data;
    });
    await saveCheckpoint(path, { state: {}, tensors });
    expect(alive).toHaveLength(COUNT);
    expect(Math.max(...alive)).toBeLessThanOrEqual(1); // the last one, where a frame still names it
  });
});

describe('a save that fails in the middle', () => {
  const full = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
  const save = (step: number, tensors = tensorsThat(values), system?: typeof fs) =>
    saveCheckpoint(path, { state: { step }, tensors }, system);
  const unharmed = () => {
    expect(loadCheckpoint(path)).toMatchObject({ state: { step: 2 } });
    expect(loadCheckpoint(`${path}.prev`)).toMatchObject({ state: { step: 1 } });
    expect(fs.readdirSync(dir).sort()).toEqual(['supernet.safetensors', 'supernet.safetensors.prev']);
  };

  test('a tensor that cannot be read: the error as it is, and both checkpoints as they were', async () => {
    await save(1);
    await save(2);
    const lost = new Error('the GPU was lost');
    const tensors = tensorsThat((at) => (at < 5 ? values(at) : Promise.reject(lost)));
    await expect(save(3, tensors)).rejects.toBe(lost);
    unharmed();
  });

  test.each([0, 3, COUNT])('a disk that is full after %i tensors', async (room) => {
    await save(1);
    await save(2);
    let left = 2000 + 4 * LENGTH * room; // the header takes less than half of what it is given
    let closed = 0;
    const system = writingBy((file, data, offset, length, position) => {
      if (position !== null || left <= 0) throw full;
      const written = fs.writeSync(file, data, offset, Math.min(length, left), position);
      left -= written;
      return written;
    });
    const closeSync = (file: number) => {
      closed++;
      fs.closeSync(file);
    };
    await expect(save(3, tensorsThat(values), { ...system, closeSync })).rejects.toMatchObject({
      code: 'disk',
    });
    expect(closed).toBe(1);
    unharmed();
  });

  test('a tensor that is not what the header says is a bug, and nothing is left of it', async () => {
    await save(1);
    await save(2);
    await expect(
      save(
        3,
        tensorsThat(() => new Float32Array(1)),
      ),
    ).rejects.toMatchObject({ code: 'internal' });
    unharmed();
  });
});
