import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorData } from './safetensors.ts';
import { withChecksum } from './safetensors-checksum.ts';

const pair = new Map<string, TensorData>([
  ['w', { shape: [2, 3], data: Float32Array.of(0, -0, 1.5, Number.NaN, Infinity, 1e-40) }],
  ['index', { shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) }],
]);
const KEY = 'shiftaddnas.sha256';
const file = () => encodeSafetensors(pair, withChecksum(pair, { format: 'pt', mean: '[0.5]' }));

test('a file with its checksum reads as one without, and says it in hexadecimal', () => {
  const { tensors, metadata } = decodeSafetensors(file(), 'x');
  expect(tensors).toEqual(new Map([...pair].sort()));
  expect(metadata).toEqual({
    format: 'pt',
    mean: '[0.5]',
    [KEY]: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('whichever bit of a file changes, it is refused, or reads as the same but for a checksum that has another name', () => {
  const whole = file();
  const sound = decodeSafetensors(whole, 'x');
  let unseen = 0;
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const bytes = Uint8Array.from(whole);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    let read: ReturnType<typeof decodeSafetensors>;
    try {
      read = decodeSafetensors(bytes, 'x');
    } catch {
      continue;
    }
    unseen++;
    expect(read.tensors).toEqual(sound.tensors);
    expect(Object.values(read.metadata)).toEqual(Object.values(sound.metadata));
    expect(Object.keys(read.metadata)).not.toContain(KEY);
  }
  // at most the bits of the checksum's own name
  expect(unseen).toBeLessThanOrEqual(8 * KEY.length);
});

test('what is wrong is said, and another order of the same contents is not wrong', () => {
  const metadata = withChecksum(pair, { mean: '[0.5]', format: 'pt' });
  const bytes = encodeSafetensors(pair, Object.fromEntries(Object.entries(metadata).reverse()));
  expect(decodeSafetensors(bytes, 'x').tensors.size).toBe(2);
  bytes[bytes.length - 1] ^= 1;
  expect(() => decodeSafetensors(bytes, 'run/weights.safetensors')).toThrow(
    'run/weights.safetensors is damaged: its SHA-256 was taken of other contents; take the file from a copy, or have it written anew',
  );
});
