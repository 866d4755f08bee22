import { require_ } from '../core/errors.ts';
import type { Workload } from '../hardware/workload.ts';
import type { OperatorName } from '../operators/names.ts';
import {
  after,
  elements,
  linear,
  NORM,
  NORM_SILU,
  pooling,
  product,
  RELU,
  residual,
  SCALE,
  SIGMOID,
  SILU,
  SOFTMAX,
  window,
} from './describe.ts';
import { replaced, type Variant } from './variant.ts';

/**
 * The image networks of the release as they were retrained (spec 3.5, 6.3): stem, four stages at 1/4 to 1/32 of the
 * image with 256 to 2048 channels, SiLU, squeeze-excite (ReLU within, as in timm 0.3) behind convolution, add and shift
 * blocks, average-down shortcuts, and two linear heads (class and distillation). T0 halves the map before the last
 * stage, T1 does not. As networks that train they are genotypes of `hytra`, retrained with published blocks and twice
 * the width.
 *
 *   x ─ 1x1 ─ PEG (3x3 depthwise, carries the stride) ─ 3x3 or attention ─ 1x1 ─ squeeze-excite ─ + ─
 *   └──────────────────────── identity | average, 1x1 ──────────────────────────────────────────┘
 */
export interface ImageNetwork {
  /** Operators of the layers, stage by stage. */
  readonly stages: readonly (readonly OperatorName[])[];
  readonly lastStride: 1 | 2;
  /** The released add block has no 1x1 projection in its shortcut (spec 3.5); only the all-add network meets that. */
  readonly noAddProjection?: boolean;
  /** What stands in for the windows of convolution blocks, as in the `adder-`, `shift-` and `shiftadd-` baselines. */
  readonly variant?: Exclude<Variant, 'conv'>;
}

const parse = (...stages: string[]): OperatorName[][] =>
  stages.map((stage) => Array.from(stage, (letter) => OPERATORS[letter]));
/** Codes of the release: 0 attention, 1 convolution, 2 add, 3 shift. */
const OPERATORS: Readonly<Record<string, OperatorName>> = { 0: 'attention', 1: 'conv', 2: 'add', 3: 'shift' };
const uniform = (digit: string) => parse(...[2, 4, 5, 5].map((length) => digit.repeat(length)));

const MIX_V3 = parse('11', '1111', '31022', '00100');
const MIX_V4 = parse('11', '1311', '31033', '00100');
const BOSSNET = parse('1', '1', '11101', '000100000');

const PUBLISHED: Readonly<Record<string, ImageNetwork>> = {
  'shiftaddnas-t0-v3': { stages: MIX_V3, lastStride: 2 },
  'shiftaddnas-t0-v4': { stages: MIX_V4, lastStride: 2 },
  'shiftaddnas-t1-v3': { stages: MIX_V3, lastStride: 1 },
  'shiftaddnas-t1-v4': { stages: MIX_V4, lastStride: 1 },
  'bossnet-t0': { stages: BOSSNET, lastStride: 2 },
  'bossnet-t1': { stages: BOSSNET, lastStride: 1 },
};

/** The published networks, each also with its convolution blocks replaced, and three uniform ones (spec 9.2). */
export const IMAGE_NETWORKS: Readonly<Record<string, ImageNetwork>> = {
  ...PUBLISHED,
  ...Object.fromEntries(
    (['adder', 'shift', 'shiftadd'] as const).flatMap((variant) =>
      Object.entries(PUBLISHED).map(([name, network]) => [`${variant}-${name}`, { ...network, variant }]),
    ),
  ),
  'shiftaddnas-t0-all-conv': { stages: uniform('1'), lastStride: 2 },
  'shiftaddnas-t0-all-add': { stages: uniform('2'), lastStride: 2, noAddProjection: true },
  'shiftaddnas-t0-all-shift': { stages: uniform('3'), lastStride: 2 },
};

const HEAD_WIDTH = 64;

/** Layers of a network for one image of `resolution` x `resolution` pixels. Throws 'usage' below 32 pixels. */
export function imageWorkloads(network: ImageNetwork, resolution = 224, classes = 1000): Workload[] {
  require_(
    Number.isInteger(resolution) && resolution >= 32,
    'usage',
    `The resolution must be a whole number of at least 32 pixels, but is ${resolution}; give 224, for example.`,
    { resolution },
  );
  const loads: Workload[] = [];
  let size = after(resolution, 2);
  const stem = { kind: 'conv', family: 'stem', inputs: 3, outputs: 64, kernel: 7, stride: 2 } as const;
  loads.push(window({ name: 'stem.conv', size: resolution, ...stem }));
  loads.push(elements('stem.norm', 'stem', size, 64, NORM_SILU));
  loads.push(pooling('stem.pool', 'stem', size, 64, 3, 2));
  size = after(size, 2);
  let channels = 64;
  network.stages.forEach((stage, s) => {
    const outputs = 256 << s;
    stage.forEach((operator, i) => {
      const stride = i > 0 || s === 0 ? 1 : s === 3 ? network.lastStride : 2;
      const name = `stage${s + 1}.layer${i + 1}`;
      const project =
        (channels !== outputs || stride !== 1) && !(operator === 'add' && network.noAddProjection);
      const variant = operator === 'conv' ? network.variant : undefined;
      loads.push(...block(name, operator, size, channels, outputs, stride, s, project, variant));
      size = after(size, stride);
      channels = outputs;
    });
  });
  loads.push(pooling('head.pool', 'head', size, channels, 0, 1));
  loads.push(linear('head.class', 'head', 1, channels, classes));
  loads.push(linear('head.distillation', 'head', 1, channels, classes));
  return loads;
}

function block(
  name: string,
  operator: OperatorName,
  size: number,
  inputs: number,
  outputs: number,
  stride: number,
  stage: number,
  project: boolean,
  variant: ImageNetwork['variant'],
): Workload[] {
  const loads: Workload[] = [];
  const inner = outputs / 4;
  const e = after(size, stride);
  const kind = operator === 'attention' ? 'conv' : operator;
  const layer = (part: string, from: number, map: number, to: number, kernel = 1, step = 1, groups = 1) => {
    const sizes = { size: map, inputs: from, outputs: to, kernel, stride: step, groups };
    if (variant === undefined)
      loads.push(window({ name: `${name}.${part}`, family: operator, kind, ...sizes }));
    else loads.push(...replaced(variant, `${name}.${part}`, sizes));
  };
  const work = (part: string, map: number, channels: number, what: Parameters<typeof elements>[4]) =>
    loads.push(elements(`${name}.${part}`, operator, map, channels, what));
  if (project) {
    if (stride !== 1) loads.push(pooling(`${name}.shortcut.pool`, operator, size, inputs, 2, stride));
    layer('shortcut', inputs, e, outputs);
    work('shortcut.norm', e, outputs, NORM);
  }
  layer('reduce', inputs, size, inner);
  layer('position', inner, size, inner, 3, stride, inner);
  work('position.norm', e, inner, NORM_SILU);
  if (operator === 'attention') {
    // Heads per stage 1, 2, 4, 8 of width 64 (spec 3.5).
    const heads = 1 << stage;
    const rows = e * e;
    layer('qkv', inner, e, 3 * inner);
    loads.push(product(`${name}.scores`, heads, rows, HEAD_WIDTH, rows));
    loads.push(elements(`${name}.softmax`, operator, 1, rows, SOFTMAX, heads * rows));
    // Transposed, values x scores, as the released records have it.
    loads.push(product(`${name}.mix`, heads, HEAD_WIDTH, rows, rows));
  } else {
    layer('inner', inner, e, inner, 3);
  }
  work('inner.norm', e, inner, NORM_SILU);
  layer('expand', inner, e, outputs);
  work('expand.norm', e, outputs, NORM);
  if (operator !== 'attention') loads.push(...squeezeExcite(`${name}.squeeze`, e, outputs));
  work('residual', e, outputs, residual(SILU));
  return loads;
}

/** Squeeze-excite with reduction 16: pooled, two 1x1 convolutions on a single position, sigmoid, scale. */
function squeezeExcite(name: string, size: number, channels: number): Workload[] {
  const narrow = channels / 16;
  const common = { family: 'squeeze-excite', kind: 'conv', size: 1, kernel: 1 } as const;
  return [
    pooling(`${name}.pool`, 'squeeze-excite', size, channels, 0, 1),
    window({ name: `${name}.down`, ...common, inputs: channels, outputs: narrow }),
    elements(`${name}.activation`, 'squeeze-excite', 1, narrow, RELU),
    window({ name: `${name}.up`, ...common, inputs: narrow, outputs: channels }),
    elements(`${name}.gate`, 'squeeze-excite', 1, channels, SIGMOID),
    elements(`${name}.scale`, 'squeeze-excite', size, channels, SCALE),
  ];
}
