import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShiftAddError } from './errors.ts';
import { decodeSafetensors, encodeSafetensors, type TensorData } from './safetensors.ts';

/** A file with any header over `size` bytes of data. */
function file(header: unknown, size: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + text.length + size);
  bytes.writeBigUInt64LE(BigInt(text.length));
  text.copy(bytes, 8);
  return bytes;
}

const pair = new Map<string, TensorData>([
  ['w', { shape: [2, 3], data: new Float32Array([0, -0, 1.5, Number.NaN, Infinity, 1e-40]) }],
  ['index', { shape: [2], data: new Int32Array([-1, 2 ** 31 - 1]) }],
]);

describe('safetensors', () => {
  test('what is written is read: every bit of every value, shapes and metadata', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(pair, { a: 'ü"\n' }), 'x');
    expect(metadata).toEqual({ a: 'ü"\n' });
    expect([...tensors.keys()]).toEqual(['index', 'w']);
    for (const [name, { shape, data }] of pair) {
      expect(tensors.get(name)!.shape).toEqual(shape);
      expect(tensors.get(name)!.data.constructor).toBe(data.constructor);
      expect([...new Int32Array(tensors.get(name)!.data.buffer)]).toEqual([...new Int32Array(data.buffer)]);
    }
  });

  test('encode then decode is the identity for any names and sizes, scalars and empty tensors included', () => {
    const tensor = fc.array(fc.float(), { maxLength: 9 }).map((values): TensorData => {
      return { shape: values.length === 1 ? [] : [values.length], data: Float32Array.from(values) };
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), tensor),
        fc.dictionary(fc.string(), fc.string()),
        (all, meta) => {
          const given = new Map(Object.entries(all).filter(([name]) => name !== '__metadata__'));
          const read = decodeSafetensors(encodeSafetensors(given, meta), 'x');
          expect(new Map([...read.tensors].sort())).toEqual(new Map([...given].sort()));
          expect({ ...read.metadata }).toEqual({ ...meta });
        },
      ),
      { numRuns: 100 },
    );
  });

  test('equal contents are equal bytes, whatever the order; data starts at a multiple of 8', () => {
    const bytes = encodeSafetensors(pair, { k: 'v' });
    expect(encodeSafetensors(new Map([...pair].reverse()), { k: 'v' })).toEqual(bytes);
    expect(Number(Buffer.from(bytes).readBigUInt64LE()) % 8).toBe(0);
  });

  test('golden bytes of the format (README "Format" of github.com/huggingface/safetensors)', () => {
    const bytes = encodeSafetensors(new Map([['t', { shape: [1], data: new Float32Array([1]) }]]));
    const header = '{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
    expect(Buffer.from(bytes).toString('latin1')).toBe(`8\0\0\0\0\0\0\0${header}\0\0\x80?`);
  });

  const one = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  test.each([
    ['too short', new Uint8Array(3), /3 bytes/],
    ['header cut off', encodeSafetensors(pair).subarray(0, 40), /cut off: the header ends/],
    ['data cut off', encodeSafetensors(pair).subarray(0, -4), /cut off: tensor w ends/],
    ['absurd header length', new Uint8Array(16).fill(255), /claims/],
    ['not JSON', file('{"a":', 0), /not JSON/],
    ['not an object', file([1], 0), /not a JSON object/],
    ['unknown type', file({ a: { ...one, dtype: 'F16' } }, 8), /type "F16"/],
    ['negative size', file({ a: { ...one, shape: [-2] } }, 8), /shape \[-2\]/],
    ['offsets backwards', file({ a: { ...one, data_offsets: [8, 0] } }, 8), /offsets \[8,0\]/],
    ['size against shape', file({ a: { ...one, shape: [3] } }, 8), /needs 12 bytes and has 8/],
    ['overlap', file({ a: one, b: { ...one, data_offsets: [4, 12] } }, 12), /overlaps/],
    ['hole', file({ a: one, b: { ...one, data_offsets: [12, 20] } }, 20), /belong to none/],
    ['trailing bytes', file({ a: one }, 12), /end at byte 8 of the data, which has 12/],
    ['metadata not strings', file({ __metadata__: { a: 1 } }, 0), /entry a is not a string/],
  ])('refuses a damaged file: %s', (_, bytes, sentence) => {
    let error: unknown;
    try {
      decodeSafetensors(bytes, 'run/best.safetensors');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ShiftAddError);
    expect((error as ShiftAddError).code).toBe('run');
    expect((error as ShiftAddError).message).toMatch(/^run\/best\.safetensors is not a sound/);
    expect((error as ShiftAddError).message).toMatch(sentence);
  });
});
