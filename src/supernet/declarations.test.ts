/** Parameters counted by hand, against the price list, and with sharing against without. */
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { released } from '../hardware/accelerators/index.ts';
import { Pricer } from '../hardware/pricer.ts';
import { cifar, micro } from '../spaces/presets.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import { sample } from '../spaces/sample.ts';
import { countParameters, declarations } from './declarations.ts';
import { DEFAULT_ADDER, DEFAULT_SHARING, type SharingConfig, weightKey } from './sharing.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from './toy.ts';

const UNSHARED: SharingConfig = { ...DEFAULT_SHARING, families: [] };
const FIXED: SharingConfig = { ...DEFAULT_SHARING, adder: { ...DEFAULT_ADDER, kind: 'fixed' } };
const count = (...args: Parameters<typeof declarations>) => countParameters(declarations(...args));

// Toy space, by hand. Inner widths 2 and 4; norms count gamma and beta.
const STEM = 3 * 3 * 1 * 4 + 2 * 4;
const HEAD = 16 * 3 + 3;
/** layer0.stage0, 4 -> 8 with projection. */
const FIRST = {
  shared: 4 * 2 + 9 * 2 * 2 + 2 * 8 + 4 * 8,
  peg: 9 * 2,
  norms: 2 * (2 + 2 + 8 + 8),
  adderNorm: 2 * 2,
};
/** layer1.stage1, 8 -> 16, halving the map. */
const SECOND = {
  shared: 8 * 4 + 9 * 4 * 4 + 4 * 16 + 8 * 16,
  peg: 9 * 4,
  norms: 2 * (4 + 4 + 16 + 16),
  adderNorm: 2 * 4,
};
const ATTENTION = 8 * 4 + 9 * 4 + 4 * 12 + 4 * 16 + 8 * 16 + 2 * (4 + 4 + 16 + 16);
/** A scale and an offset for each of five adder weights. */
const SCALARS = 5 * 2;

describe('a hand count on the toy space, stage lengths 1-1', () => {
  const space = { ...TOY_SPACE, stageLengths: [[1, 1]] };
  const block = ({ shared, peg, norms, adderNorm }: typeof FIRST, copies: number) =>
    copies * shared + 3 * (peg + norms) + adderNorm + SCALARS;

  test('with sharing', () => {
    const expected = STEM + HEAD + block(FIRST, 1) + block(SECOND, 1) + ATTENTION;
    expect(expected).toBe(1497);
    expect(count(space, TOY_TASK, DEFAULT_SHARING)).toBe(expected);
  });

  test('without sharing', () => {
    const expected = STEM + HEAD + block(FIRST, 3) + block(SECOND, 3) + ATTENTION;
    expect(expected).toBe(2417);
    expect(count(space, TOY_TASK, UNSHARED)).toBe(expected);
  });

  test('a fixed adder scale has no scalars; shared PS adds a sign to every shift weight', () => {
    const shared = count(space, TOY_TASK, DEFAULT_SHARING);
    expect(count(space, TOY_TASK, FIXED)).toBe(shared - 2 * SCALARS);
    // four signs beside shared tensors, and the window of its own twice: exponent and sign
    const signs = FIRST.shared + FIRST.peg + SECOND.shared + SECOND.peg;
    expect(count(space, TOY_TASK, { ...DEFAULT_SHARING, shift: 'PS' })).toBe(shared + signs);
  });

  test('the released transformation has 100 slopes for every shared tensor and family that transforms it', () => {
    const releasedSharing: SharingConfig = { ...FIXED, transformation: 'released' };
    expect(count(space, TOY_TASK, releasedSharing)).toBe(count(space, TOY_TASK, FIXED) + 2 * 2 * 4 * 100);
  });

  test('sharing between two families only', () => {
    const two: SharingConfig = { ...DEFAULT_SHARING, families: ['conv', 'shift'] };
    const expected = STEM + HEAD + block(FIRST, 2) + block(SECOND, 2) + ATTENTION;
    expect(count(space, TOY_TASK, two)).toBe(expected);
    expect(count(space, TOY_TASK, { ...DEFAULT_SHARING, families: ['conv'] })).toBe(
      count(space, TOY_TASK, UNSHARED),
    );
  });
});

test('names are unique, and a place that two stage lengths reach is declared once', () => {
  for (const sharing of [DEFAULT_SHARING, UNSHARED]) {
    const names = declarations(TOY_SPACE, TOY_TASK, sharing).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    // layer1.stage1 follows stage 0 (1-1, 1-2); layer1.stage0 and layer2.stage1 stand in one tuple each
    const places = new Set(names.map((name) => name.split('.').slice(0, 2).join('.')));
    for (const place of ['layer0.stage0', 'layer1.stage0', 'layer1.stage1', 'layer2.stage1'])
      expect(places).toContain(place);
    expect(names.some((name) => name.startsWith('layer2.stage1') && name.includes('.down'))).toBe(true);
    expect(names.some((name) => name.startsWith('layer2.stage1.') && /conv1$/.test(name))).toBe(true);
  }
});

test('every genotype finds all it needs in the supernet, of the same shape', () => {
  const space = cifar();
  const task = { image: { h: 28, w: 28, c: 1 }, classes: 10 };
  const held = new Map(declarations(space, task, DEFAULT_SHARING).map(({ name, shape }) => [name, shape]));
  const random = Random.fromSeed('holds');
  for (let i = 0; i < 30; i++) {
    for (const { name, shape } of declarations(space, task, DEFAULT_SHARING, sample(space, random))) {
      expect(held.get(name), name).toEqual(shape);
    }
  }
});

test.each([
  ['shared names', DEFAULT_SHARING],
  ['own names', UNSHARED],
])('a network has the parameters it is priced at, adder scalars aside (%s)', (_, sharing) => {
  const space = micro();
  const task = { image: { h: 28, w: 28, c: 1 }, classes: 10 };
  const pricer = new ArchitecturePricer(space, task, new Pricer(released));
  const random = Random.fromSeed('params');
  for (let i = 0; i < 40; i++) {
    const genotype = sample(space, random);
    const declared = declarations(space, task, sharing, genotype);
    const scalars = declared.filter(({ name }) => /\.add\..*\.(scale|offset)$/.test(name)).length;
    expect(scalars > 0).toBe(genotype.operators.includes('add'));
    expect(countParameters(declared) - scalars).toBe(pricer.price(genotype).params);
  }
});

test('a network of convolution and shift alone has exactly the parameters it is priced at', () => {
  const pricer = new ArchitecturePricer(TOY_SPACE, TOY_TASK, new Pricer(released));
  const path = toyPath('conv', 'shift');
  expect(count(TOY_SPACE, TOY_TASK, DEFAULT_SHARING, path)).toBe(pricer.price(path).params);
  expect(pricer.price(path).params).toBe(
    STEM + HEAD + FIRST.shared + FIRST.peg + FIRST.norms + SECOND.shared + SECOND.peg + SECOND.norms,
  );
});

test('weightKey: a shared tensor carries no family, anything else does', () => {
  expect(weightKey(DEFAULT_SHARING, 'p', 'conv2', 'add', true)).toBe('p.conv2');
  expect(weightKey(DEFAULT_SHARING, 'p', 'peg', 'add', false)).toBe('p.add.peg');
  expect(weightKey(DEFAULT_SHARING, 'p', 'conv3', 'attention', true)).toBe('p.attention.conv3');
  expect(weightKey({ ...DEFAULT_SHARING, families: ['add'] }, 'p', 'conv2', 'add', true)).toBe('p.add.conv2');
});

test('only weights decay, and only shared ones are marked shared', () => {
  for (const { name, traits } of declarations(TOY_SPACE, TOY_TASK, DEFAULT_SHARING)) {
    expect(traits.decay, name).toBe(!/(gamma|beta|bias|scale|offset)$/.test(name));
    expect(traits.shared === true, name).toBe(/^layer\d\.stage\d\.(conv\d|shortcut)(\.down)?$/.test(name));
  }
});

test('eta is the local rate of weights that an adder has for itself (spec 4.1)', () => {
  const eta = { ...DEFAULT_SHARING, adder: { ...DEFAULT_ADDER, eta: 0.2 } };
  for (const families of [eta.families, []]) {
    for (const { name, traits } of declarations(TOY_SPACE, TOY_TASK, { ...eta, families })) {
      const own = /\.add\.(conv\d|peg|shortcut)(\.down)?$/.test(name);
      expect(traits.localRate, name).toBe(own ? 0.2 : undefined);
    }
  }
  expect(declarations(TOY_SPACE, TOY_TASK, DEFAULT_SHARING).some(({ traits }) => 'localRate' in traits)).toBe(
    false,
  );
});
