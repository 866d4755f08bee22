/**
 * Counter-based draws: element i comes from the block threefry(key, i, 0) and from nothing else. Uniform draws are the
 * bits of every other backend; normal ones differ from them by rounding.
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
  const { length } = y;
  gpu.launch(PROGRAMS[kind], [y], [length, key[0], key[1]], ...threads(length));
}
