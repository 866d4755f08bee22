import { describe, expect, test } from 'vitest';
import type { Space } from '../spaces/space.ts';
import { type Cell, folderOf, hashOf, PARTS } from './cells.ts';
import { imageCells } from './images.ts';
import { operatorSpace } from './operator-spaces.ts';
import { SCHEME_GROUPS, SCHEMES } from './schemes.ts';
import { FULL, QUICK } from './settings.ts';

const file = (space: Space) => `spaces/${space.name}.json`;
const full = imageCells(FULL, 'data', file);

describe('the full study', () => {
  test('every cell has a name of its own, and what it needs comes before it', () => {
    expect(new Set(full.map(({ id }) => id)).size).toBe(full.length);
    for (const [i, { needs }] of full.entries()) {
      for (const id of needs) {
        const place = full.findIndex((cell) => cell.id === id);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThan(i);
      }
    }
  });

  test('it covers every part, every scheme and every seed on both data sets', () => {
    for (const set of FULL.sets) {
      const cells = full.filter((cell) => cell.set === set);
      expect([...new Set(cells.map(({ part }) => part))].sort()).toEqual([...PARTS].sort());
      for (const seed of FULL.seeds) {
        const trained = cells.flatMap((cell) =>
          cell.kind === 'supernet' && cell.seed === seed && cell.part === 'sharing' ? [cell.scheme] : [],
        );
        expect(new Set(trained)).toEqual(new Set(SCHEMES.map(({ name }) => name)));
      }
    }
  });

  test('the first cells are the main question on both sets, and every part has begun before the second group', () => {
    expect(full.slice(0, 4).map(({ id }) => id)).toEqual([
      'cifar10/supernet/none/short/0',
      'cifar10/supernet/q-affine-moments/short/0',
      'fashion-mnist/supernet/none/short/0',
      'fashion-mnist/supernet/q-affine-moments/short/0',
    ]);
    const second = full.findIndex(
      (cell) => cell.kind === 'supernet' && SCHEME_GROUPS[1].includes(cell.scheme),
    );
    expect(new Set(full.slice(0, second).map(({ part }) => part)).size).toBe(PARTS.length);
  });

  test('the trainings of ranked paths are shared by all schemes: one for each path, set and seed', () => {
    const truths = full.filter((cell) => cell.kind === 'truth');
    expect(truths).toHaveLength(FULL.sets.length * FULL.seeds.length * FULL.rankParts);
  });
});

describe('the hash of a cell', () => {
  const [one] = full;
  const changed = (change: object) => hashOf({ ...one, ...change } as Cell);

  test('does not ask where data and files lie, nor when its turn is', () => {
    const elsewhere = imageCells(FULL, '/another/place', (space) => `other/${space.name}.json`);
    expect(elsewhere.map(hashOf)).toEqual(full.map(hashOf));
    expect(changed({ wave: 99, work: 1 })).toBe(hashOf(one));
  });

  test('does not change when the program learns a setting that older ones did without', () => {
    const { averaging, clip, ...older } = one.config;
    expect(changed({ config: older })).toBe(hashOf(one));
    expect(changed({ config: { ...one.config, averaging: 0.5 } })).not.toBe(hashOf(one));
  });

  test('is another one for another seed, setting or space', () => {
    const hashes = [
      hashOf(one),
      changed({ seed: 7 }),
      changed({ config: { ...one.config, supernetEpochs: 9 } }),
      changed({ space: { ...one.space, headWidth: 8 } }),
    ];
    expect(new Set(hashes).size).toBe(4);
  });

  test('different cells have different hashes', () => {
    expect(new Set(full.map((cell) => `${cell.set} ${hashOf(cell)}`)).size).toBe(full.length);
  });
});

test('winners and algorithms go on in the folder of their supernet', () => {
  const cells = imageCells(QUICK, 'data', file);
  for (const cell of cells) {
    const owner = cells.find(({ id }) => id === cell.needs[0]) ?? cell;
    expect(folderOf(cell, cells)).toBe(folderOf(owner, cells));
    expect(folderOf(cell, cells)).toMatch(/^[a-z0-9.+-]+$/);
  }
});

test('a set of operators keeps those that a stage has, and an unknown one is refused', () => {
  const space = operatorSpace(full[0].space, 'conv+attention');
  expect(space.stages.map(({ operators }) => operators)).toEqual([
    ['conv'],
    ['attention', 'conv'],
    ['attention', 'conv'],
  ]);
  expect(() => operatorSpace(full[0].space, 'conv+pool')).toThrow(/holds "pool"/);
});
