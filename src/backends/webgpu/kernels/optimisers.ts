/** One step of the optimisers, element by element, in place (src/backends/reference/optimisers.ts has the formulas). */
import type { AdamShape, Buffer, SgdShape } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, programs } from '../program.ts';
import { threads } from './grid.ts';

const sgd = programs((nesterov: boolean) => ({
  name: `sgdStep${nesterov ? ' nesterov' : ''}`,
  buffers: ['write w', 'read g', 'write velocity'],
  params: ['u32 length', 'f32 rate', 'f32 momentum', 'f32 decay'],
  code: each(
    'length',
    `
  let gradient = g[i] + p.decay * w[i];
  let moved = p.momentum * velocity[i] + gradient;
  velocity[i] = moved;
  w[i] -= p.rate * ${nesterov ? '(gradient + p.momentum * moved)' : 'moved'};`,
  ),
}));

export function sgdStep(
  gpu: Launcher,
  w: Buffer,
  g: Buffer,
  velocity: Buffer,
  length: number,
  { rate, momentum, nesterov, decay }: SgdShape,
): void {
  gpu.launch(sgd(nesterov), [w, g, velocity], [length, rate, momentum, decay], ...threads(length));
}

const adam = programs((normalised: boolean) => ({
  name: `adamStep${normalised ? ' normalised' : ''}`,
  buffers: ['write w', 'read g', 'write first', 'write second'],
  params: [
    'u32 length',
    ...['kept', 'rate', 'beta1', 'rest1', 'beta2', 'rest2', 'correction2', 'epsilon'].map(
      (name) => `f32 ${name}`,
    ),
  ],
  code: each(
    'length',
    `
  let v = p.beta2 * second[i] + p.rest2 * g[i] * g[i];
  let deviation = sqrt(v * p.correction2) + p.epsilon;
  let m = p.beta1 * first[i] + p.rest1 * ${normalised ? '(g[i] / deviation)' : 'g[i]'};
  second[i] = v;
  first[i] = m;
  w[i] = w[i] * p.kept - p.rate * m${normalised ? '' : ' / deviation'};`,
  ),
}));

export function adamStep(
  gpu: Launcher,
  w: Buffer,
  g: Buffer,
  first: Buffer,
  second: Buffer,
  length: number,
  { rate, beta1, beta2, epsilon, decay, step1, step2, normalised }: AdamShape,
): void {
  const numbers = [
    length,
    1 - rate * decay,
    rate / (1 - beta1 ** step1),
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    1 / (1 - beta2 ** step2),
    epsilon,
  ];
  gpu.launch(adam(normalised), [w, g, first, second], numbers, ...threads(length));
}
