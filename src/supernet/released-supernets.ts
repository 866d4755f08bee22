/**
 * Every trained tensor of the supernets of the release, as data: their logs print how many numbers that is, and the
 * totals identify which tensors were shared (spec 5.5). Our own supernet of the same space holds fewer: it builds only
 * what some network of the space has.
 *
 *   16 layers, each with a set of tensors for every one of four widths c (a block's inner width; its output is 4 c):
 *
 *      conv1, conv1_d   1x1          conv2   3x3          conv3   1x1           what families may share
 *      downsample       1x1, in the first layer only;     downsample_d   3x3
 *      peg, peg_d       3x3 depthwise, never shared       norms          never shared
 *
 * "_d" stands for the branch that halves the map; the widest map has none. Operators that are never sampled are built.
 */
import type { Shape } from '../core/shapes.ts';

/** By name as in the logs: v5 was run with shift weights in the Q form (CIFAR-100) and PS form (ImageNet-100). */
export type ReleasedSupernet = 'v1' | 'v2' | 'v3' | 'v4' | 'v5-Q' | 'v5-PS';

export interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

interface Scheme {
  /** Families that read the one set of tensors. */
  readonly reads: readonly Family[];
  /** Tensors of a shift weight that is not shared. */
  readonly shift: readonly string[];
  /** Tensors of its own beside the shared one. */
  readonly beside: readonly string[];
  /** Slope vectors of the transformations, 100 numbers for each of the six roles. */
  readonly slopes: readonly string[];
  /** Whether the depthwise shift window has a bias: it lost it with version 4. */
  readonly shiftBias: boolean;
}

type Family = 'conv' | 'add' | 'shift';
const FAMILIES: readonly Family[] = ['conv', 'add', 'shift'];
const PS = ['exponent', 'sign'];

const SCHEMES: Readonly<Record<ReleasedSupernet, Scheme>> = {
  v1: { reads: [], shift: PS, beside: [], slopes: [], shiftBias: true },
  v2: { reads: ['conv'], shift: PS, beside: [], slopes: [], shiftBias: true },
  v3: { reads: ['conv', 'add'], shift: PS, beside: [], slopes: ['add'], shiftBias: true },
  v4: { reads: FAMILIES, shift: PS, beside: [], slopes: ['add', 'shift', 'sign'], shiftBias: false },
  'v5-Q': { reads: FAMILIES, shift: ['weight'], beside: [], slopes: ['add', 'shift'], shiftBias: false },
  'v5-PS': { reads: FAMILIES, shift: PS, beside: ['sign'], slopes: ['add', 'shift'], shiftBias: false },
};

export const RELEASED_SUPERNETS = Object.keys(SCHEMES) as ReleasedSupernet[];

const LAYERS = 16;
const STEM = 64;
/** Inner widths from the largest map to the smallest; half those of the retrained networks (spec 3.1). */
const WIDTHS = [32, 64, 128, 256];
/** Attention stands at the two smallest maps. */
const ATTENTION_FROM = 128;
const SLOPES = 100;
const ROLES = ['conv1', 'conv2', 'conv3', 'conv1_d', 'downsample', 'downsample_d'];

/** The tensors of a released supernet for images of three channels. */
export function releasedTensors(version: ReleasedSupernet, classes = 100): NamedShape[] {
  const scheme = SCHEMES[version];
  const features = 4 * WIDTHS[WIDTHS.length - 1];
  return [
    { name: 'stem.conv', shape: [7, 7, 3, STEM] },
    ...norm('stem', STEM),
    ...WIDTHS.flatMap(entrance),
    ...Array.from({ length: LAYERS }, (_, layer) =>
      WIDTHS.flatMap((c) => {
        const place = `layer${layer}.width${c}`;
        return [
          ...local(place, c, layer === 0, scheme),
          ...(c < ATTENTION_FROM ? [] : attention(place, c, layer === 0)),
        ];
      }),
    ).flat(),
    { name: 'head.weight', shape: [features, classes] },
    { name: 'head.bias', shape: [classes] },
  ];
}

const norm = (name: string, channels: number): NamedShape[] => [
  { name: `${name}.gamma`, shape: [channels] },
  { name: `${name}.beta`, shape: [channels] },
];

/** From the stem to the width and map a network starts with. */
function entrance(c: number, i: number): NamedShape[] {
  const name = `entrance.width${c}`;
  return [
    { name: `${name}.depthwise`, shape: [2 ** i, 2 ** i, 1, STEM] },
    { name: `${name}.pointwise`, shape: [1, 1, STEM, c] },
    ...norm(name, c),
  ];
}

/** Weights that families may share. */
function windows(c: number, first: boolean): readonly (readonly [role: string, shape: Shape])[] {
  return [
    ['conv1', [1, 1, first ? c : 4 * c, c]],
    ['conv2', [3, 3, c, c]],
    ['conv3', [1, 1, c, 4 * c]],
    ...(first ? [['downsample', [1, 1, c, 4 * c]] as const] : []),
    ...(halves(c)
      ? ([
          ['conv1_d', [1, 1, 2 * c, c]],
          ['downsample_d', [3, 3, 2 * c, 4 * c]],
        ] as const)
      : []),
  ];
}

/** Whether a layer of this width can follow one of half the width, on a map twice as large. */
const halves = (c: number) => c > WIDTHS[0];

/** Convolution, add and shift of a layer at one width. */
function local(place: string, c: number, first: boolean, scheme: Scheme): NamedShape[] {
  const out: NamedShape[] = [];
  const dense = windows(c, first);
  if (scheme.reads.length > 0)
    for (const [role, shape] of dense) out.push({ name: `${place}.${role}`, shape });
  for (const slopes of scheme.slopes) {
    for (const role of ROLES) out.push({ name: `${place}.${role}.slopes.${slopes}`, shape: [SLOPES] });
  }
  for (const family of FAMILIES) {
    const own = family === 'shift' ? scheme.shift : ['weight'];
    const beside = family === 'shift' ? scheme.beside : [];
    for (const [role, shape] of dense) {
      for (const tensor of scheme.reads.includes(family) ? beside : own) {
        out.push({ name: `${place}.${family}.${role}.${tensor}`, shape });
      }
    }
    const bias = family === 'conv' || (family === 'shift' && scheme.shiftBias);
    for (const peg of halves(c) ? ['peg', 'peg_d'] : ['peg']) {
      for (const tensor of own) {
        out.push({ name: `${place}.${family}.${peg}.${tensor}`, shape: [3, 3, 1, c] });
      }
      if (bias) out.push({ name: `${place}.${family}.${peg}.bias`, shape: [c] });
    }
    out.push(...norms(`${place}.${family}`, c, first));
  }
  return out;
}

function norms(name: string, c: number, first: boolean): NamedShape[] {
  return [
    ...norm(`${name}.bn1`, c),
    ...norm(`${name}.bn2`, c),
    ...norm(`${name}.bn3`, 4 * c),
    ...(first ? norm(`${name}.downsample`, 4 * c) : []),
    ...(halves(c) ? [...norm(`${name}.bn1_d`, c), ...norm(`${name}.downsample_d`, 4 * c)] : []),
  ];
}

/** As the others, with self-attention in place of the 3x3 window; nothing of it is shared. */
function attention(place: string, c: number, first: boolean): NamedShape[] {
  const name = `${place}.attention`;
  const out: NamedShape[] = windows(c, first).map(([role, shape]) => ({
    name: `${name}.${role}`,
    shape: role === 'conv2' ? [1, 1, c, 3 * c] : shape,
  }));
  for (const peg of ['peg', 'peg_d']) {
    out.push(
      { name: `${name}.${peg}.weight`, shape: [3, 3, 1, c] },
      { name: `${name}.${peg}.bias`, shape: [c] },
    );
  }
  return [...out, ...norms(name, c, first)];
}
