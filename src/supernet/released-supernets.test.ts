/** Parameter totals that the release logged (spec 5.5, 14.3), from shapes alone. */
import { describe, expect, test } from 'vitest';
import { sizeOf } from '../core/shapes.ts';
import { hytra } from '../spaces/presets.ts';
import { countParameters, declarations } from './declarations.ts';
import { RELEASED_SUPERNETS, type ReleasedSupernet, releasedTensors } from './released-supernets.ts';
import { DEFAULT_ADDER, DEFAULT_SHARING, type SharingConfig } from './sharing.ts';

const total = (version: ReleasedSupernet, classes?: number) =>
  countParameters(releasedTensors(version, classes));

test.each([
  ['v1', 615_390_116],
  ['v2', 615_390_116],
  ['v3', 489_823_652],
  ['v4', 238_675_876],
  ['v5-Q', 238_503_844],
  ['v5-PS', 364_242_340],
] as const)('spec 5.5: %s has %d parameters at 100 classes', (version, parameters) => {
  expect(total(version)).toBe(parameters);
});

test('one copy of what families share is 125.605 M (spec 5.5)', () => {
  const shared = releasedTensors('v5-Q').filter(({ name }) =>
    /^layer\d+\.width\d+\.[a-z]+\d?(_d)?$/.test(name),
  );
  expect(shared.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(125_604_864);
});

test('names are unique; classes change the head alone', () => {
  for (const version of RELEASED_SUPERNETS) {
    const names = releasedTensors(version).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  }
  expect(total('v1', 1000) - total('v1')).toBe(900 * (1024 + 1));
});

describe('our own supernet of that space, which builds only what some network has', () => {
  const task = { image: { h: 224, w: 224, c: 3 }, classes: 100 };
  const count = (changes: Partial<SharingConfig>) =>
    countParameters(declarations(hytra(), task, { ...DEFAULT_SHARING, ...changes }));
  const fixed = { adder: { ...DEFAULT_ADDER, kind: 'fixed' } } as const;

  test('holds fewer than the released one in every scheme, and in the same order', () => {
    const none = count({ ...fixed, families: [], shift: 'PS' });
    const two = count({ families: ['conv', 'add'], shift: 'PS', transformation: 'released' });
    const three = count({ transformation: 'released', shift: 'PS-released' });
    const q = count({ transformation: 'released', shift: 'Q' });
    expect(none).toBeLessThan(total('v1'));
    expect(two).toBeLessThan(total('v3'));
    expect(three).toBeLessThan(total('v5-PS'));
    expect(q).toBeLessThan(total('v5-Q'));
    expect([none, two, three, q]).toEqual([none, two, three, q].toSorted((a, b) => b - a));
  });
});
