import { nearest, ShiftAddError } from '../core/errors.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operators/names.ts';
import { checkSpace } from './check.ts';
import type { Space } from './space.ts';
import { stageTuples } from './stage-lengths.ts';

/**
 * The spaces that come with the package: the published one with its variants, and two for small images.
 * Widths of `hytra` are those of the released supernet; the retrained networks have twice as many (spec 3.1).
 */
const LOCAL: readonly OperatorName[] = ['conv', 'add', 'shift'];
const ALL: readonly OperatorName[] = OPERATOR_NAMES;

export interface HytraOptions {
  /** 19: the tuples of the released four-operator space; 27: all non-decreasing quadruples of 1..9 with sum 16. */
  readonly tuples?: 19 | 27;
  /** `hybrid` as published, or convolution everywhere and attention at 1/16 and 1/32 only (123,648 networks with 27). */
  readonly operators?: 'hybrid' | 'conv-attention';
  /** Allow add and shift at 1/32 too: the released supernet builds them there but never samples them. */
  readonly deepAddShift?: boolean;
}

/** The published image space: 16 layers over 56, 28, 14 and 7 pixels of a 224-pixel image (spec 3.1, 3.2). */
export function hytra(options: HytraOptions = {}): Space {
  const { operators = 'hybrid', deepAddShift = false } = options;
  const { tuples = operators === 'hybrid' ? 19 : 27 } = options;
  const mixed = operators === 'hybrid';
  const usual = operators === 'hybrid' ? 19 : 27;
  const name = [
    'hytra',
    ...(mixed ? [] : ['conv-attention']),
    ...(tuples === usual ? [] : [String(tuples)]),
    ...(mixed && deepAddShift ? ['deep'] : []),
  ].join('-');
  const shallow: readonly OperatorName[] = mixed ? LOCAL : ['conv'];
  const middle: readonly OperatorName[] = mixed ? ALL : ['attention', 'conv'];
  return checkSpace({
    name,
    stem: { channels: 64, kernel: 7, stride: 2, pool: 'max3' },
    stages: [
      { channels: 128, scale: 4, operators: shallow },
      { channels: 256, scale: 8, operators: shallow },
      { channels: 512, scale: 16, operators: middle },
      { channels: 1024, scale: 32, operators: mixed && deepAddShift ? ALL : ['attention', 'conv'] },
    ],
    stageLengths: tuples === 19 ? releasedTuples() : hytraTuples(),
    reference: [2, 4, 5, 5],
    headWidth: 64,
    shortcut: 'conv3x3',
  });
}

function hytraTuples(): number[][] {
  return stageTuples({ low: [1, 1, 1, 1], high: [9, 9, 9, 9], total: [16, 16], nonDecreasing: true });
}

/** For every (first, second) the two tuples with the smallest third entry: the released pruning (spec 3.2). */
function releasedTuples(): number[][] {
  const kept = new Map<string, number>();
  return hytraTuples().filter(([first, second]) => {
    const pair = `${first}-${second}`;
    const before = kept.get(pair) ?? 0;
    kept.set(pair, before + 1);
    return before < 2;
  });
}

/**
 * For images of 28 to 64 pixels: 4 to 7 layers over 1/2, 1/4 and 1/8 of the image. Unlike in the published space
 * depth is searched too, so that one supernet covers a fivefold range of energy.
 */
export function cifar(): Space {
  return checkSpace({
    name: 'cifar',
    stem: { channels: 16, kernel: 3, stride: 1, pool: 'max2' },
    stages: [
      { channels: 64, scale: 2, operators: LOCAL },
      { channels: 128, scale: 4, operators: ALL },
      { channels: 256, scale: 8, operators: ALL },
    ],
    stageLengths: stageTuples({ low: [1, 1, 1], high: [4, 3, 3], total: [4, 7] }),
    reference: [2, 2, 2],
    headWidth: 16,
    shortcut: 'average-down',
  });
}

/** For drawings of 16 to 32 pixels, in minutes: 3 to 5 layers over 1/2 and 1/4 of the image. */
export function tiny(): Space {
  return checkSpace({
    name: 'tiny',
    stem: { channels: 16, kernel: 3, stride: 1, pool: 'max2' },
    stages: [
      { channels: 64, scale: 2, operators: LOCAL },
      { channels: 128, scale: 4, operators: ALL },
    ],
    stageLengths: stageTuples({ low: [1, 1], high: [3, 3], total: [3, 5] }),
    reference: [2, 2],
    headWidth: 16,
    shortcut: 'average-down',
  });
}

/** The smallest space that has everything: for tests, and for machines without the fast backend. */
export function micro(): Space {
  return checkSpace({
    name: 'micro',
    stem: { channels: 8, kernel: 3, stride: 2, pool: 'max2' },
    stages: [
      { channels: 32, scale: 4, operators: LOCAL },
      { channels: 64, scale: 8, operators: ALL },
    ],
    stageLengths: stageTuples({ low: [1, 1], high: [2, 2], total: [2, 3] }),
    reference: [1, 2],
    headWidth: 8,
    shortcut: 'average-down',
  });
}

const PRESETS: Readonly<Record<string, () => Space>> = {
  hytra: () => hytra(),
  'hytra-27': () => hytra({ tuples: 27 }),
  'hytra-deep': () => hytra({ deepAddShift: true }),
  'hytra-27-deep': () => hytra({ tuples: 27, deepAddShift: true }),
  'hytra-conv-attention': () => hytra({ operators: 'conv-attention' }),
  'hytra-conv-attention-19': () => hytra({ operators: 'conv-attention', tuples: 19 }),
  'hytra-imagenet': () => hytra(),
  imagenet: () => hytra(),
  cifar,
  tiny,
  glyphs: tiny,
  micro,
};

/** Names that `spacePreset` knows; some name the same space (imagenet is hytra, glyphs is tiny). */
export function spacePresetNames(): string[] {
  return Object.keys(PRESETS);
}

/** The built-in space of that name. Throws `usage` with the nearest name when there is none. */
export function spacePreset(name: string): Space {
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name]();
  const near = nearest(name, spacePresetNames());
  const remedy = near ? `did you mean '${near}'?` : `known are ${spacePresetNames().join(', ')}`;
  throw new ShiftAddError('usage', `there is no space named '${name}'; ${remedy}`, { name });
}
