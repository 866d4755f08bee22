/**
 * Counter-based draws: element i comes from the block threefry(key, i, 0) and from nothing else. Uniform draws are the
 * bits of every other backend, and so is what dropout keeps; normal ones differ from them by rounding.
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, type Program } from '../program.ts';
import { threads } from './grid.ts';

const draw = (kind: string, value: string): Program => ({
  name: `random ${kind}`,
  buffers: ['write y'],
  params: ['u32 length', 'u32 key0', 'u32 key1'],
  code: each(
    'length',
    `
  let words = threefry(vec2u(p.key0, p.key1), vec2u(i, 0u));
  y[i] = ${value};`,
  ),
});

const PROGRAMS = {
  uniform: draw('uniform', 'f32(words.x >> 8u) * 5.9604644775390625e-8'),
  normal: draw(
    'normal',
    'sqrt(-2.0 * logarithm(f32((words.x >> 8u) + 1u) * 5.9604644775390625e-8)) * cosineOfTurn(words.y >> 8u)',
  ),
};

export function random(
  gpu: Launcher,
  kind: 'uniform' | 'normal',
  y: Buffer,
  key: readonly [number, number],
): void {
  gpu.launch(PROGRAMS[kind], [y], [y.length, key[0], key[1]], ...threads(y.length));
}

const DROPOUT: Program = {
  name: 'dropout',
  buffers: ['read x', 'write y'],
  params: ['u32 length', 'u32 dropAbove', 'f32 kept', 'u32 key0', 'u32 key1'],
  code: each(
    'length',
    `
  let word = threefry(vec2u(p.key0, p.key1), vec2u(i, 0u)).x >> 8u;
  y[i] = x[i] * select(0.0, p.kept, word > p.dropAbove);`,
  ),
};

export function dropout(
  gpu: Launcher,
  x: Buffer,
  y: Buffer,
  length: number,
  rate: number,
  key: readonly [number, number],
): void {
  // A draw is a whole number over 2^24.
  const numbers = [length, Math.floor(rate * 2 ** 24), 1 / (1 - rate), key[0], key[1]];
  gpu.launch(DROPOUT, [x, y], numbers, ...threads(length));
}
