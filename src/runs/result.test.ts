import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeResult, type NetworkResult, type ResultInput, readResult, writeResult } from './result.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'result-'));
});
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

const network: NetworkResult = {
  name: 'winner',
  genotype: '1:c',
  description: '1 layer',
  accuracy: 0.91,
  validationAccuracy: 0.92,
  energyMj: 1.5,
  latencyMs: 0.5,
  params: 10,
  macs: 20,
  operations: { multiplications: 1, additions: 2, shifts: 3 },
  byFamily: { stem: { energyMj: 1, latencyMs: 1 }, conv: { energyMj: 0.5, latencyMs: 1 } },
  byLevel: { computation: 1, DRAM: 0.5 },
  blocks: [],
};
const result: ResultInput = {
  schema: 1,
  command: 'search',
  config: { seed: 1, data: 'glyphs', nested: { b: [1, { z: 1, a: 2 }], a: null } },
  dataset: { source: 'glyphs', classes: ['a', 'b'], train: 3, validation: 2, test: 1 },
  accelerator: { name: 'eyeriss', clockMHz: 250 },
  bits: 32,
  supernet: { params: 1, paramsUnshared: 2, curve: [{ epoch: 1, trainLoss: 2.5 }] },
  search: { evaluated: 4, generations: 1, limits: { energyMj: 6 } },
  winner: network,
  candidates: [],
  baselines: [network],
  front: [{ genotype: '1:c', loss: 1, accuracy: 0.5, energyMj: 1.5, latencyMs: 0.5 }],
  times: { seconds: 3 },
};

/** The same data with every object's keys the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

test('equal contents are equal bytes whatever the order of keys, and times stand last', () => {
  const text = encodeResult(result);
  expect(encodeResult(reversed(result) as ResultInput)).toBe(text);
  const keys = Object.keys(JSON.parse(text));
  expect([keys[0], keys[1], keys.at(-1)]).toEqual(['schema', 'command', 'times']);
  const other = encodeResult({ ...result, times: { seconds: 99 } });
  expect(other.slice(0, other.indexOf('"times"'))).toBe(text.slice(0, text.indexOf('"times"')));
});

test('what is written is read back', () => {
  const path = join(dir, 'result.json');
  expect(readResult(path)).toBeUndefined();
  writeResult(path, result);
  expect(readResult(path)).toEqual(result);
});

test('a result that does not fit is a bug of ours and names the place', () => {
  const wrong = { ...result, winner: { ...network, accuracy: 91 } };
  expect(() => encodeResult(wrong)).toThrow(/^internal: .*winner\.accuracy: /);
  expect(() => encodeResult({ ...result, runDir: 'x' } as ResultInput)).toThrow(/runDir/);
});

test('a damaged file names the file, the place and what to do', () => {
  const path = join(dir, 'result.json');
  fs.writeFileSync(path, encodeResult(result).slice(0, 200));
  expect(() => readResult(path)).toThrow(/result\.json is damaged: it is not JSON; take it from a copy/);
  fs.writeFileSync(path, JSON.stringify({ ...result, bits: 'many' }));
  expect(() => readResult(path)).toThrow(/result\.json is not a result: bits: /);
});
