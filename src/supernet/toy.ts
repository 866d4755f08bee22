/** The smallest space with every operator, a task for it and images to learn: for tests of what stands above it. */
import type { Random } from '../core/random.ts';
import type { Task } from '../spaces/layout.ts';
import type { Genotype, Space } from '../spaces/space.ts';

export const TOY_SPACE: Space = {
  name: 'toy',
  stem: { channels: 4, kernel: 3, stride: 1, pool: 'none' },
  stages: [
    { channels: 8, scale: 1, operators: ['conv', 'add', 'shift'] },
    { channels: 16, scale: 2, operators: ['attention', 'conv', 'add', 'shift'] },
  ],
  stageLengths: [
    [1, 1],
    [2, 1],
    [1, 2],
  ],
  reference: [1, 1],
  headWidth: 4,
  shortcut: 'average-down',
};

/** 7 pixels a side: the second stage halves an odd map. */
export const TOY_TASK: Task = { image: { h: 7, w: 7, c: 1 }, classes: 3 };

/** A path of the toy space; the first layers belong to stage 0, the last to stage 1. */
export function toyPath(...operators: Genotype['operators'][number][]): Genotype {
  return { space: TOY_SPACE.name, lengths: [operators.length - 1, 1], operators };
}

export interface ToyImages {
  /** [count, 7, 7, 1] */
  readonly images: Float32Array;
  /** [count, 3], one of each row is 1. */
  readonly targets: Float32Array;
  readonly count: number;
}

/** Noise with a bright left, middle or right third: separable, and balanced over the classes. */
export function toyImages(count: number, random: Random): ToyImages {
  const { h, w } = TOY_TASK.image;
  const images = Float32Array.from({ length: count * h * w }, () => 0.3 * random.normal());
  const targets = new Float32Array(count * TOY_TASK.classes);
  for (let i = 0; i < count; i++) {
    const label = i % TOY_TASK.classes;
    targets[i * TOY_TASK.classes + label] = 1;
    for (let y = 0; y < h; y++) {
      for (let x = 2 * label; x < 2 * label + 3; x++) images[(i * h + y) * w + x] += 1;
    }
  }
  return { images, targets, count };
}
