/**
 * Every kernel that is timed, with the bars it has to pass. The first shape of a group is the one of the published
 * comparison; the others are what networks of the image and translation spaces are made of, and odd channel counts.
 */
import type { GroupName } from './groups.ts';
import type { KernelJob, Pass, WindowJob } from './job.ts';
import { SEQUENCE_CASES } from './sequence-cases.ts';

/**
 * A limit on a ratio within one run. `share`: of the time that the peaks allow; `peer`: our time by the peer's;
 * `case`: our time by that of another case of ours.
 */
export type Bar =
  | { readonly of: 'share'; readonly least: number }
  | { readonly of: 'peer'; readonly most: number }
  | { readonly of: 'case'; readonly id: string; readonly most: number };

export interface KernelCase {
  /** Unique; bars of other cases name it. */
  readonly id: string;
  readonly group: GroupName;
  readonly job: KernelJob;
  readonly bars: readonly Bar[];
  /** The peer has this case too. */
  readonly peer: boolean;
}

const share = (least: number): Bar => ({ of: 'share', least });
const peer = (most: number): Bar => ({ of: 'peer', most });
const ratio = (id: string, most: number): Bar => ({ of: 'case', id, most });

const matmul = (m: number, k: number, n: number, batch: number, bars: readonly Bar[]): KernelCase => ({
  id: `matmul-${m}x${k}x${n}x${batch}`,
  group: 'matmul',
  job: { kind: 'matmul', batch, m, k, n },
  bars,
  peer: true,
});

/** n images of size x size x c, m filters of window x window. */
interface Layer {
  readonly n: number;
  readonly size: number;
  readonly c: number;
  readonly m: number;
  readonly window: number;
  readonly stride: number;
}

const layer = (n: number, size: number, c: number, m: number, window: number, stride = 1): Layer => ({
  ...{ n, size, c, m, window, stride },
});

const MAIN = layer(32, 32, 64, 64, 3);
/** Of the image spaces: 1x1, 3x3 at stride 1 and 2, a stem, and channels that are no multiple of 16. */
const DENSE: readonly Layer[] = [
  layer(64, 16, 16, 16, 3),
  layer(8, 14, 128, 128, 3),
  layer(8, 28, 256, 64, 1),
  layer(8, 56, 32, 128, 1),
  layer(64, 16, 64, 16, 1),
  layer(8, 28, 256, 512, 3, 2),
  layer(64, 32, 3, 16, 3),
  layer(32, 16, 40, 72, 3),
];
const NARROW: readonly Layer[] = [
  layer(8, 28, 256, 64, 1),
  layer(8, 28, 256, 512, 3, 2),
  layer(32, 16, 40, 72, 3),
];
const DEPTHWISE: readonly Layer[] = [
  layer(8, 56, 32, 32, 3),
  layer(8, 28, 64, 64, 3),
  layer(64, 16, 16, 16, 3),
  layer(64, 16, 32, 32, 3, 2),
  layer(8, 28, 72, 72, 3),
];

const idOf = (kind: WindowJob['kind'], pass: Pass, { n, size, c, m, window, stride }: Layer): string =>
  `${kind}-${pass}-${n}x${size}x${c}-${m}-${window}s${stride}`;

function windowCase(
  group: GroupName,
  kind: WindowJob['kind'],
  pass: Pass,
  sizes: Layer,
  bars: readonly Bar[],
): KernelCase {
  const depthwise = group === 'depthwise';
  const hasPeer = kind !== 'shift' && (pass === 'forward' || pass === 'both');
  return {
    id: `${depthwise ? 'depthwise-' : ''}${idOf(kind, pass, sizes)}`,
    group,
    job: { kind, pass, ...sizes, depthwise },
    bars,
    peer: hasPeer,
  };
}

const conv = (pass: Pass, sizes: Layer, bars: readonly Bar[] = []) =>
  windowCase('conv', 'conv', pass, sizes, bars);
const adder = (pass: Pass, sizes: Layer, bars: readonly Bar[] = []) =>
  windowCase('adder', 'adder', pass, sizes, bars);
const shift = (sizes: Layer) =>
  windowCase('shift', 'shift', 'both', sizes, [ratio(idOf('conv', 'both', sizes), 1.1)]);

const adderBoth = (sizes: Layer) =>
  adder('both', sizes, [ratio(idOf('conv', 'both', sizes), 2), peer(1 / 20)]);

export const KERNEL_CASES: readonly KernelCase[] = [
  matmul(1024, 1024, 1024, 1, [share(0.78), peer(1)]),
  matmul(32768, 576, 64, 1, [peer(1)]),
  matmul(8192, 1152, 128, 1, [share(0.83), peer(1)]),
  matmul(2048, 2304, 256, 1, [share(0.83), peer(1)]),
  matmul(256, 64, 256, 64, [peer(1)]),

  conv('forward', MAIN, [share(0.8)]),
  conv('both', MAIN, [peer(0.65)]),
  conv('inputGradient', MAIN),
  conv('weightGradient', MAIN),
  ...DENSE.flatMap((sizes) => [
    conv('forward', sizes, sizes.window === 3 ? [share(0.8)] : []),
    conv('both', sizes, [peer(0.65)]),
  ]),

  adder('forward', MAIN, [share(0.85), peer(1 / 25)]),
  adderBoth(MAIN),
  adder('inputGradient', MAIN),
  adder('weightGradient', MAIN),
  ...NARROW.flatMap((sizes) => [adder('forward', sizes, [share(0.85), peer(1 / 25)]), adderBoth(sizes)]),

  ...[MAIN, ...NARROW].map(shift),

  ...DEPTHWISE.map((sizes) => windowCase('depthwise', 'conv', 'both', sizes, [peer(1)])),

  ...(
    [
      [8, 2, 196, 64],
      [8, 4, 49, 64],
      [64, 2, 64, 16],
      [32, 8, 30, 64],
    ] as const
  ).map(
    ([n, heads, positions, width]): KernelCase => ({
      id: `attention-${n}x${heads}x${positions}x${width}`,
      group: 'attention',
      job: { kind: 'attention', n, heads, positions, width },
      bars: [peer(1)],
      peer: true,
    }),
  ),

  ...(
    [
      ['batchNormRelu', 32, 32, 64],
      ['batchNormRelu', 64, 16, 16],
      ['batchNormRelu', 8, 28, 256],
      ['batchNormRelu', 32, 16, 72],
      ['layerNorm', 960, 1, 512],
    ] as const
  ).map(
    ([kind, n, size, c]): KernelCase => ({
      id: `${kind}-${n}x${size}x${c}`,
      group: 'norm',
      job: { kind, n, size, c },
      bars: [peer(1)],
      peer: true,
    }),
  ),

  ...SEQUENCE_CASES,
];

/** A layer that keeps a GPU busy for milliseconds. */
const WIDE = layer(256, 32, 128, 128, 3);

/** For devices on which the others are over before they have begun. */
export const LARGE_CASES: readonly KernelCase[] = [
  matmul(4096, 4096, 4096, 1, []),
  ...(['forward', 'inputGradient', 'weightGradient'] as const).flatMap((pass) => [
    conv(pass, WIDE),
    adder(pass, WIDE),
  ]),
];

/** What a GPU has to reach of its own peaks; other bars are for processors. */
export function gpuBars({ group, job }: KernelCase): readonly Bar[] {
  if (group === 'matmul') return [share(0.5)];
  return job.kind === 'adder' && job.pass === 'forward' ? [share(0.6)] : [];
}

/** The cases of the groups, and those of other groups that their bars compare them with. */
export function casesFor(groups: readonly GroupName[]): readonly KernelCase[] {
  const wanted = KERNEL_CASES.filter(({ group }) => groups.includes(group));
  const compared = new Set(
    wanted.flatMap(({ bars }) => bars.flatMap((bar) => (bar.of === 'case' ? [bar.id] : []))),
  );
  return KERNEL_CASES.filter(({ id, group }) => groups.includes(group) || compared.has(id));
}
