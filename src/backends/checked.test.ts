/** Wrong arguments end in a sentence on every backend, and never in a memory fault. */
import { describe, expect, test } from 'vitest';
import { ShiftAddError } from '../core/errors.ts';
import type { Backend, Buffer, MatmulShape } from './backend.ts';
import { type WindowSizes, windowShape } from './conformance/windows.ts';
import { availableBackends, openBackend } from './open.ts';

const SIZES: WindowSizes = { n: 1, h: 6, w: 5, c: 4, r: 3, s: 3, m: 8, stride: 1, pad: 1, groups: 1 };
const SHAPE = windowShape(SIZES);
const PRODUCT: MatmulShape = {
  batch: 1,
  m: 2,
  n: 3,
  k: 4,
  transposeA: false,
  transposeB: false,
  alpha: 1,
  accumulate: false,
};

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ShiftAddError) return error.code;
    throw error;
  }
  return 'none';
}

for (const { name, present, reason } of await availableBackends()) {
  describe.skipIf(!present)(`backend ${name} (${reason})`, async () => {
    const backend: Backend = await openBackend(present ? name : 'reference');
    const floats = (length: number): Buffer => {
      const buffer = backend.allocate(length);
      backend.fill(buffer, 1);
      return buffer;
    };
    const indices = (values: number[]): Buffer => {
      const buffer = backend.allocate(values.length, 'int32');
      backend.write(buffer, values);
      return buffer;
    };
    const [x, w, y] = [floats(120), floats(288), floats(240)];

    test('sizes that are not whole, negative or beyond 2^40', () => {
      for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
        expect(codeOf(() => backend.convForward(x, w, y, { ...SHAPE, n: wrong }))).toBe('shape');
        expect(codeOf(() => backend.unary('relu', x, x, wrong))).toBe('shape');
        expect(codeOf(() => backend.matmul(x, w, y, { ...PRODUCT, k: wrong }))).toBe('shape');
        expect(codeOf(() => backend.reduce('sum', x, y, 1, wrong, 1))).toBe('shape');
      }
      const huge = { ...SHAPE, n: 2 ** 20, c: 2 ** 20 };
      expect(codeOf(() => backend.convForward(x, w, y, huge))).toBe('shape');
    });

    test('an empty tensor whose other sizes overflow 64 bits', () => {
      const long = 2 ** 31 - 1;
      const images = windowShape({ ...SIZES, n: 0, h: long, w: long });
      expect(codeOf(() => backend.convForward(x, w, y, images))).toBe('shape');
      expect(codeOf(() => backend.poolForward('average', x, y, null, { ...images, m: 4 }))).toBe('shape');
      const filters = windowShape({ ...SIZES, n: 0, m: 0, h: 2 ** 22, w: 2 ** 22, r: 2 ** 22, s: 2 ** 22 });
      expect(codeOf(() => backend.convWeightGradient(x, y, w, filters))).toBe('shape');
      expect(codeOf(() => backend.matmul(x, w, y, { ...PRODUCT, batch: 0, m: long, n: long }))).toBe('shape');
      expect(codeOf(() => backend.reduce('sum', x, y, 0, long, long))).toBe('shape');
      expect(codeOf(() => backend.permute(x, y, [0, long, long, long], [3, 2, 1, 0]))).toBe('shape');
      expect(codeOf(() => backend.copyBlocks(x, y, long, long, none, none, false))).toBe('shape');
      expect(codeOf(() => backend.permute(x, y, [0, 7], [1, 0]))).toBe('none');
    });

    test('a stride that would make a pass over each of very many residues', () => {
      const strided = windowShape({ ...SIZES, stride: 2 ** 31 - 1 });
      expect(() => backend.convInputGradient(y, w, x, strided)).toThrow('stride must be at most 64 here');
      expect(codeOf(() => backend.convInputGradient(y, w, x, windowShape({ ...SIZES, stride: 64 })))).toBe(
        'none',
      );
    });

    test('options that do not exist, buffers that are missing', () => {
      const wrong = 'toString' as never;
      const norm = { rows: 2, channels: 2, epsilon: 1, activation: wrong };
      expect(codeOf(() => backend.unary(wrong, x, y, 1))).toBe('shape');
      expect(codeOf(() => backend.unaryGradient(wrong, x, y, y, y, 1))).toBe('shape');
      expect(codeOf(() => backend.binary(wrong, x, x, y, 1, 1, 'same'))).toBe('shape');
      expect(codeOf(() => backend.binary('add', x, x, y, 1, 1, wrong))).toBe('shape');
      expect(codeOf(() => backend.reduce(wrong, x, y, 1, 1, 1))).toBe('shape');
      expect(codeOf(() => backend.random(wrong, y, [0, 0]))).toBe('shape');
      expect(codeOf(() => backend.batchNormForward(x, x, x, x, x, null, y, norm))).toBe('shape');
      const pool = windowShape({ ...SIZES, m: 4 });
      expect(codeOf(() => backend.poolForward(wrong, x, y, null, pool))).toBe('shape');
      expect(() => backend.poolBackward(wrong, y, null, x, pool)).toThrow(
        'one of average, max, but is toString',
      );
      for (const missing of [null, undefined] as unknown as Buffer[]) {
        expect(() => backend.axpy(missing, y, 1, 1)).toThrow('internal: axpy needs x, but got none');
        expect(codeOf(() => backend.write(missing, [1]))).toBe('internal');
        expect(codeOf(() => backend.free(missing))).toBe('internal');
      }
    });

    test('windows that do not agree with themselves', () => {
      const bad: Partial<typeof SHAPE>[] = [
        { e: 5 },
        { f: 6 },
        { stride: 0 },
        { stride: 2 },
        { pad: 0 },
        { groups: 3 },
        { groups: 0 },
        { r: 0 },
      ];
      for (const change of bad) {
        expect(codeOf(() => backend.convForward(x, w, y, { ...SHAPE, ...change }))).toBe('shape');
        expect(codeOf(() => backend.adderInputGradient(x, w, y, x, { ...SHAPE, ...change }))).toBe('shape');
      }
      expect(() => backend.convForward(x, w, y, { ...SHAPE, e: 5 })).toThrow(
        'a 3 x 3 window over 6 x 5 with stride 1 and padding 1 gives 6 x 5, but the shape says 5 x 5',
      );
    });

    test('buffers that are too short, one by one', () => {
      const short = floats(3);
      expect(() => backend.convForward(short, w, y, SHAPE)).toThrow('x needs 120 elements');
      expect(() => backend.convForward(x, short, y, SHAPE)).toThrow('w needs 288 elements');
      expect(() => backend.convForward(x, w, short, SHAPE)).toThrow('y needs 240 elements');
      expect(codeOf(() => backend.convInputGradient(y, w, short, SHAPE))).toBe('shape');
      expect(codeOf(() => backend.convWeightGradient(x, y, short, SHAPE))).toBe('shape');
      expect(codeOf(() => backend.adderWeightGradient(x, w, y, short, SHAPE))).toBe('shape');
      expect(codeOf(() => backend.matmul(x, w, short, PRODUCT))).toBe('shape');
      expect(codeOf(() => backend.batchStatistics(x, short, w, 10, 12))).toBe('shape');
      expect(codeOf(() => backend.binary('add', x, short, y, 10, 12, 'row'))).toBe('shape');
      expect(codeOf(() => backend.softmaxForward(x, short, y, 10, 12, 1, 1))).toBe('shape');
      expect(codeOf(() => backend.permute(x, short, [2, 3], [1, 0]))).toBe('shape');
      expect(codeOf(() => backend.sgdStep(x, w, short, 4, sgd))).toBe('shape');
      expect(codeOf(() => backend.write(short, [1, 2], 2))).toBe('shape');
      expect(codeOf(() => backend.write(short, [1], -1))).toBe('shape');
    });

    test('axes, blocks and masks that make no sense', () => {
      expect(codeOf(() => backend.permute(x, y, [2, 3], [0, 0]))).toBe('shape');
      expect(codeOf(() => backend.permute(x, y, [2, 3], [0, 2]))).toBe('shape');
      expect(codeOf(() => backend.permute(x, y, [1, 1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5, 6]))).toBe('shape');
      const at = { offset: 0, stride: 10 };
      expect(codeOf(() => backend.copyBlocks(x, y, 12, 11, at, at, false))).toBe('shape');
      expect(codeOf(() => backend.copyBlocks(x, y, 2, 2, { offset: -1, stride: 1 }, at, false))).toBe(
        'shape',
      );
      expect(codeOf(() => backend.softmaxForward(x, x, y, 2, 2, 0, 1))).toBe('shape');
      expect(codeOf(() => backend.batchStatistics(x, w, y, 0, 4))).toBe('shape');
    });

    // a GPU's indices are looked at by the GPU: see webgpu/webgpu.test.ts
    test.skipIf(name === 'webgpu')('indices beyond the table', () => {
      for (const wrong of [-1, 30, 2 ** 30]) {
        const index = indices([0, wrong]);
        expect(codeOf(() => backend.gatherRows(x, index, y, 2, 4))).toBe('shape');
        expect(codeOf(() => backend.scatterAddRows(y, index, x, 2, 4))).toBe('shape');
      }
      expect(codeOf(() => backend.gatherRows(x, indices([29]), y, 1, 4))).toBe('none');
    });

    test('a pooling window in padding alone, channels that change, no index', () => {
      const index = indices(new Array(200).fill(0));
      const pool = windowShape({ ...SIZES, m: 4, r: 2, s: 2, pad: 2 });
      expect(codeOf(() => backend.poolForward('average', x, y, null, pool))).toBe('shape');
      expect(codeOf(() => backend.poolForward('average', x, y, null, SHAPE))).toBe('shape');
      const good = windowShape({ ...SIZES, m: 4 });
      expect(codeOf(() => backend.poolForward('max', x, y, null, good))).toBe('shape');
      expect(codeOf(() => backend.poolForward('max', x, y, index, good))).toBe('none');
      expect(codeOf(() => backend.poolBackward('max', y, null, x, good))).toBe('shape');
    });

    test('the wrong type, a freed buffer, a buffer of another backend', async () => {
      expect(codeOf(() => backend.unary('relu', indices([1]), x, 1))).toBe('internal');
      expect(codeOf(() => backend.gatherRows(x, y, y, 1, 1))).toBe('internal');
      const freed = floats(4);
      backend.free(freed);
      expect(() => backend.unary('relu', freed, x, 4)).toThrow(/^internal: .* after it had been freed/);
      const other = await openBackend('reference');
      expect(() => backend.unary('relu', other.allocate(4), x, 4)).toThrow(/^internal: .* another backend/);
      expect(() => other.unary('relu', x, other.allocate(4), 4)).toThrow(/^internal: .* another backend/);
    });

    test('scopes reuse memory, keep what is kept, and count it', async () => {
      const before = backend.memory().used;
      for (let i = 0; i < 100; i++) {
        const scope = backend.openScope();
        backend.axpy(floats(1000), floats(1000), 1000, 1);
        scope.close();
      }
      expect(backend.memory().used).toBe(before);
      expect(backend.memory().reserved).toBeLessThan(before + 100_000);
      const scope = backend.openScope();
      const kept = floats(3);
      scope.keep(kept);
      scope.close();
      expect(Array.from(await backend.read(kept))).toEqual([1, 1, 1]);
      backend.free(kept);
      expect(backend.memory().used).toBe(before);
    });
  });
}

const sgd = { rate: 0.1, momentum: 0.9, nesterov: false, decay: 0 };
const none = { offset: 0, stride: 0 };
