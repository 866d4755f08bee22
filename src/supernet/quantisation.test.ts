/** Bit widths by layer: names, patterns and what is refused. */
import { expect, test } from 'vitest';
import {
  checkExceptions,
  checkQuantisation,
  type Quantisation,
  quantisedLayers,
  widthsOf,
} from './quantisation.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from './toy.ts';

const EIGHT: Quantisation = { weightBits: 8, activationBits: 8, weightScales: 'channel', exceptions: [] };

function check(quantisation: Quantisation): void {
  checkQuantisation(quantisation);
  checkExceptions(quantisation, quantisedLayers(TOY_SPACE, TOY_TASK), 'the toy space');
}

test('layers have names of their own, and those of a network are among those of its space', () => {
  const names = [...quantisedLayers(TOY_SPACE, TOY_TASK)].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const own = [...quantisedLayers(TOY_SPACE, TOY_TASK, toyPath('shift', 'attention'))].map(
    ({ name }) => name,
  );
  expect(own.filter((name) => !names.includes(name))).toEqual([]);
  expect(own).toEqual([
    'stem',
    ...['conv1', 'peg', 'conv2', 'conv3', 'shortcut'].map((role) => `layer0.stage0.shift.${role}`),
    ...['conv1.down', 'peg', 'qkv', 'conv3', 'shortcut.down'].map(
      (role) => `layer1.stage1.attention.${role}`,
    ),
    ...['q', 'k', 'v', 'scores'].map((role) => `layer1.stage1.attention.${role}`),
    'head',
  ]);
});

test('the last exception that names a layer wins, each width by itself', () => {
  const quantisation: Quantisation = {
    ...EIGHT,
    exceptions: [
      { layers: '*.peg', weightBits: 16 },
      { layers: 'stem', weightBits: 32, activationBits: 32 },
      { layers: 'layer0.*', activationBits: 4 },
    ],
  };
  const widths = (layer: string) => Object.values(widthsOf(quantisation, layer));
  expect(widths('layer1.stage1.conv.conv2')).toEqual([8, 8]);
  expect(widths('layer1.stage1.conv.peg')).toEqual([16, 8]);
  expect(widths('layer0.stage0.conv.peg')).toEqual([16, 4]);
  expect(widths('stem')).toEqual([32, 32]);
  expect(widthsOf(undefined, 'stem')).toEqual({ weightBits: 32, activationBits: 32 });
  check(quantisation);
});

test.each([
  [{ weightBits: 1 }, /bits of weights and activations must be 2 to 16, or 32 for real numbers, got 1/],
  [{ activationBits: 24 }, /got 24/],
  [{ exceptions: [{ layers: 'stem', weightBits: 8.5 }] }, /bits of stem must be 2 to 16.*got 8.5/],
  [{ exceptions: [{ layers: 'stm', weightBits: 8 }] }, /"stm" is none of them; did you mean stem\?/],
  [{ exceptions: [{ layers: '*.fc', weightBits: 8 }] }, /"\*\.fc" is none of them/],
])('%j is refused', (changes, message) => {
  expect(() => check({ ...EIGHT, ...changes })).toThrow(message);
});
