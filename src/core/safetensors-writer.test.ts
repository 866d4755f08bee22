import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts';
import { SafetensorsWriter, type TensorSource } from './safetensors-writer.ts';

let path: string;
beforeEach(() => {
  path = join(fs.mkdtempSync(join(tmpdir(), 'writer-')), 'weights.safetensors');
});
afterEach(() => {
  fs.rmSync(join(path, '..'), { recursive: true, force: true });
});

const pair = new Map([
  ['w', { shape: [2, 3], data: Float32Array.of(0, -0, 1.5, 2, Infinity, 1e-40) }],
  ['index', { shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) }],
]);
const layouts = new Map<string, Omit<TensorSource, 'read'>>([
  ['w', { shape: [2, 3], type: 'float32' }],
  ['index', { shape: [2], type: 'int32' }],
]);
const written = (work: (writer: SafetensorsWriter) => void) => {
  const writer = new SafetensorsWriter(path, layouts, { a: 'before' });
  try {
    work(writer);
  } finally {
    writer.close();
  }
};

test('tensor by tensor in the order it names gives the bytes of encodeSafetensors, and reads as they decode', () => {
  written((writer) => {
    expect(writer.names).toEqual(['index', 'w']);
    for (const name of writer.names) writer.write(pair.get(name)!.data);
    writer.finish();
  });
  const bytes = encodeSafetensors(pair, { a: 'before' });
  expect(fs.readFileSync(path).equals(bytes)).toBe(true);
  writeSafetensors(path, pair, { a: 'before' });
  expect(fs.readFileSync(path).equals(bytes)).toBe(true);
  expect(readSafetensors(path)).toEqual(decodeSafetensors(bytes, 'x'));
});

test('metadata that are known last take the place of the first ones, if they are as long', () => {
  const all = (writer: SafetensorsWriter) => {
    for (const name of writer.names) writer.write(pair.get(name)!.data);
  };
  written((writer) => {
    all(writer);
    writer.finish({ a: 'after!' });
  });
  expect(fs.readFileSync(path).equals(encodeSafetensors(pair, { a: 'after!' }))).toBe(true);
  expect(() =>
    written((writer) => {
      all(writer);
      writer.finish({ a: 'after all of them' });
    }),
  ).toThrow(/internal: a header of \d+ bytes became \d+/);
  expect(readSafetensors(path).metadata).toEqual({ a: 'after!' });
});

test.each([
  ['of another length', [new Int32Array(3)], /tensor index, int32 of shape \[2\], holds 3 of int32/],
  ['of another type', [new Float32Array(2)], /tensor index, int32 of shape \[2\], holds 2 of float32/],
  ['too few', [new Int32Array(2)], /tensor w was not written/],
  ['too many', [new Int32Array(2), new Float32Array(6), new Float32Array(6)], /one tensor too many/],
])('what does not fit the header is a bug and leaves no file: %s', (_, given, sentence) => {
  expect(() =>
    written((writer) => {
      for (const data of given) writer.write(data);
      writer.finish();
    }),
  ).toThrow(sentence);
  expect(fs.readdirSync(join(path, '..'))).toEqual([]);
});

test('a file that cannot be read, in one sentence', () => {
  expect(() => readSafetensors(path)).toThrow(/cannot read .*weights\.safetensors: there is no such file$/);
  expect(() => readSafetensors(join(path, '..'))).toThrow(/cannot read .*: it is a folder, and/);
});
