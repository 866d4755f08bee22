/** Cases of the kernels that move a window over images: convolution, adder, pooling. */
import { windowOutput } from '../../core/shapes.ts';
import type { Buffer, WindowShape } from '../backend.ts';
import { type ConformanceCase, conformanceCase, type Stage } from './case.ts';

/** Sizes without the output's, which follow. */
export type WindowSizes = Omit<WindowShape, 'e' | 'f'>;

export function windowShape(sizes: WindowSizes): WindowShape {
  const e = windowOutput(sizes.h, sizes.r, sizes.stride, sizes.pad);
  const f = windowOutput(sizes.w, sizes.s, sizes.stride, sizes.pad);
  return { ...sizes, e, f };
}

/** n, h, w, c, r, s, m, stride, pad, groups: what blocked kernels get wrong first. */
const CONVOLUTIONS: readonly (readonly number[])[] = [
  // 1 x 1, every channel count
  [2, 5, 7, 1, 1, 1, 1, 1, 0, 1],
  [1, 6, 5, 3, 1, 1, 7, 1, 0, 1],
  [2, 9, 9, 7, 1, 1, 8, 1, 0, 1],
  [1, 7, 7, 64, 1, 1, 33, 1, 0, 1],
  [2, 8, 8, 24, 1, 1, 64, 2, 0, 1],
  // 3 x 3
  [2, 16, 16, 16, 3, 3, 16, 1, 1, 1],
  [1, 9, 11, 3, 3, 3, 24, 1, 1, 1],
  [2, 9, 7, 33, 3, 3, 7, 2, 1, 1],
  [1, 10, 10, 8, 3, 3, 33, 3, 0, 1],
  [1, 7, 7, 64, 3, 3, 64, 1, 1, 1],
  [3, 8, 8, 1, 3, 3, 64, 2, 1, 1],
  [1, 5, 6, 7, 3, 3, 3, 1, 2, 1],
  [4, 12, 12, 16, 3, 3, 32, 1, 1, 1],
  // 5 x 5, 7 x 7, windows that are not square
  [1, 9, 9, 8, 5, 5, 16, 1, 2, 1],
  [1, 11, 8, 3, 5, 5, 3, 2, 2, 1],
  [2, 15, 15, 3, 7, 7, 16, 2, 3, 1],
  [1, 8, 12, 7, 1, 5, 8, 1, 0, 1],
  [1, 8, 12, 8, 3, 1, 7, 1, 0, 1],
  // one pixel, window larger than the map, no image
  [1, 1, 1, 16, 1, 1, 24, 1, 0, 1],
  [2, 1, 1, 8, 3, 3, 8, 1, 1, 1],
  [1, 2, 3, 7, 5, 5, 16, 1, 2, 1],
  [1, 3, 2, 3, 7, 7, 8, 2, 3, 1],
  [0, 6, 6, 8, 3, 3, 8, 1, 1, 1],
  // groups: two, and depthwise
  [1, 7, 7, 8, 3, 3, 16, 1, 1, 2],
  [2, 9, 9, 24, 3, 3, 24, 2, 1, 2],
  [1, 6, 6, 64, 1, 1, 64, 1, 0, 2],
  [1, 8, 8, 1, 3, 3, 1, 1, 1, 1],
  [2, 8, 9, 7, 3, 3, 7, 1, 1, 7],
  [1, 9, 9, 33, 3, 3, 33, 2, 1, 33],
  [2, 7, 7, 64, 5, 5, 64, 1, 2, 64],
  [1, 7, 8, 16, 3, 3, 16, 3, 0, 16],
  [1, 6, 6, 8, 3, 3, 16, 1, 1, 8],
  [0, 6, 6, 8, 3, 3, 8, 1, 1, 8],
  // more channels than a block holds
  [1, 6, 6, 256, 3, 3, 80, 1, 1, 1],
  [1, 4, 5, 600, 1, 1, 300, 1, 0, 1],
  [1, 5, 5, 300, 3, 3, 300, 1, 1, 300],
  // enough work for several threads
  [8, 16, 16, 16, 3, 3, 16, 1, 1, 1],
  [16, 14, 14, 24, 3, 3, 24, 1, 1, 24],
];

const TOLERANCE = 2e-5;

function sizesOf([n, h, w, c, r, s, m, stride, pad, groups]: readonly number[]): WindowShape {
  return windowShape({ n, h, w, c, r, s, m, stride, pad, groups });
}

function named(p: WindowShape): string {
  return (
    `${p.n}x${p.h}x${p.w}x${p.c} window ${p.r}x${p.s} to ${p.m}, stride ${p.stride}, pad ${p.pad}, ` +
    `groups ${p.groups}`
  );
}

interface Sizes {
  readonly input: number;
  readonly filter: number;
  readonly output: number;
}

function counts(p: WindowShape): Sizes {
  return {
    input: p.n * p.h * p.w * p.c,
    filter: p.r * p.s * (p.c / p.groups) * p.m,
    output: p.n * p.e * p.f * p.m,
  };
}

/** The six kernels of convolution and adder at one shape. */
export function convolutionCases(p: WindowShape): ConformanceCase[] {
  const size = counts(p);
  const sum = (
    kernel: ConformanceCase['kernel'],
    body: (stage: Stage) => readonly Buffer[],
  ): ConformanceCase => conformanceCase(kernel, named(p), TOLERANCE, 'array', body);
  return [
    sum('convForward', (stage) => {
      const y = stage.output(size.output);
      stage.backend.convForward(stage.normal(size.input), stage.normal(size.filter), y, p);
      return [y];
    }),
    sum('convInputGradient', (stage) => {
      const dx = stage.output(size.input);
      stage.backend.convInputGradient(stage.normal(size.output), stage.normal(size.filter), dx, p);
      return [dx];
    }),
    sum('convWeightGradient', (stage) => {
      const dw = stage.output(size.filter);
      stage.backend.convWeightGradient(stage.normal(size.input), stage.normal(size.output), dw, p);
      return [dw];
    }),
    sum('adderForward', (stage) => {
      const y = stage.output(size.output);
      stage.backend.adderForward(stage.normal(size.input), stage.normal(size.filter), y, p);
      return [y];
    }),
    sum('adderInputGradient', (stage) => {
      const dx = stage.output(size.input);
      const [x, w] = [stage.normal(size.input), stage.normal(size.filter)];
      stage.backend.adderInputGradient(x, w, stage.normal(size.output), dx, p);
      return [dx];
    }),
    sum('adderWeightGradient', (stage) => {
      const dw = stage.output(size.filter);
      const [x, w] = [stage.normal(size.input), stage.normal(size.filter)];
      stage.backend.adderWeightGradient(x, w, stage.normal(size.output), dw, p);
      return [dw];
    }),
  ];
}

/** n, h, w, c, r, s, stride, pad */
const POOLS: readonly (readonly number[])[] = [
  [2, 8, 8, 16, 2, 2, 2, 0],
  [1, 9, 7, 7, 3, 3, 2, 1],
  [2, 7, 7, 33, 7, 7, 1, 0],
  [1, 5, 5, 1, 3, 3, 1, 1],
  [1, 1, 1, 24, 1, 1, 1, 0],
  [1, 2, 2, 8, 5, 5, 2, 2],
  [3, 6, 5, 64, 3, 2, 3, 1],
  [0, 4, 4, 8, 2, 2, 2, 0],
  [8, 16, 16, 24, 3, 3, 2, 1],
];

function poolCases([n, h, w, c, r, s, stride, pad]: readonly number[]): ConformanceCase[] {
  const p = windowShape({ n, h, w, c, r, s, m: c, stride, pad, groups: c });
  const size = counts(p);
  return [
    conformanceCase('poolForward', `average ${named(p)}`, 1e-6, 'array', (stage) => {
      const y = stage.output(size.output);
      stage.backend.poolForward('average', stage.normal(size.input), y, null, p);
      return [y];
    }),
    conformanceCase('poolBackward', `average ${named(p)}`, 1e-6, 'array', (stage) => {
      const dx = stage.output(size.input);
      stage.backend.poolBackward('average', stage.normal(size.output), null, dx, p);
      return [dx];
    }),
    // Few different values, so that ties show whether the first maximum wins.
    conformanceCase('poolForward', `max with ties ${named(p)}`, 0, 'array', (stage) => {
      const y = stage.output(size.output);
      const index = stage.output(size.output, 'int32');
      const x = stage.uniform(size.input, -2, 2);
      stage.backend.unary('round', x, x, size.input);
      stage.backend.poolForward('max', x, y, index, p);
      return [y, index];
    }),
    conformanceCase('poolBackward', `max ${named(p)}`, 1e-6, 'array', (stage) => {
      const y = stage.output(size.output);
      const index = stage.output(size.output, 'int32');
      const dx = stage.output(size.input);
      stage.backend.poolForward('max', stage.normal(size.input), y, index, p);
      stage.backend.poolBackward('max', stage.normal(size.output), index, dx, p);
      return [dx];
    }),
  ];
}

/** A NaN and an infinity in the image must reach exactly the outputs whose windows hold them. */
function nonFiniteCases(): ConformanceCase[] {
  const shapes = [
    [2, 7, 7, 8, 3, 3, 33, 1, 1, 1],
    [1, 7, 7, 16, 3, 3, 16, 1, 1, 16],
    [1, 9, 9, 7, 1, 1, 16, 2, 0, 1],
  ].map(sizesOf);
  return shapes.flatMap((p) =>
    (['convForward', 'adderForward'] as const).map((kernel) =>
      conformanceCase(kernel, `NaN and infinity ${named(p)}`, TOLERANCE, 'array', (stage) => {
        const size = counts(p);
        const x = stage.normal(size.input);
        stage.backend.write(x, [Number.NaN], 2 * p.c);
        stage.backend.write(x, [Number.POSITIVE_INFINITY], (4 * p.w + 4) * p.c);
        const y = stage.output(size.output);
        stage.backend[kernel](x, stage.normal(size.filter), y, p);
        return [y];
      }),
    ),
  );
}

export const windowCases: readonly ConformanceCase[] = [
  ...CONVOLUTIONS.flatMap((sizes) => convolutionCases(sizesOf(sizes))),
  ...POOLS.flatMap(poolCases),
  ...nonFiniteCases(),
];
