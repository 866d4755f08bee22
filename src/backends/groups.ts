/**
 * Calls over many tensors at once: what optimisers, clipping and averaging do to all parameters after every step. Each
 * means a loop over its parts. On the processor it is that loop (`withGroups`); on a GPU, where the launch of a small
 * tensor costs more than its arithmetic, a launch or a few (webgpu/kernels/groups.ts).
 *
 * A part is the first `length` elements of its buffers. What a part writes no other part reads or writes.
 */
import type { AdamShape, Backend, Buffer, SgdShape } from './backend.ts';

export interface SgdPart {
  readonly w: Buffer;
  readonly g: Buffer;
  readonly velocity: Buffer;
  readonly length: number;
  readonly shape: SgdShape;
}

export interface AdamPart {
  readonly w: Buffer;
  readonly g: Buffer;
  readonly first: Buffer;
  readonly second: Buffer;
  readonly length: number;
  readonly shape: AdamShape;
}

export interface SquaresPart {
  readonly x: Buffer;
  readonly length: number;
}

export interface ScalePart {
  readonly x: Buffer;
  readonly length: number;
  readonly by: number;
}

export interface MixPart {
  readonly x: Buffer;
  readonly y: Buffer;
  readonly length: number;
  readonly keep: number;
  readonly add: number;
}

export interface ClampPart {
  readonly x: Buffer;
  readonly length: number;
  readonly low: number;
  readonly high: number;
}

export interface Groups {
  /** `sgdStep` of every part. */
  sgdSteps(parts: readonly SgdPart[]): void;
  /** `adamStep` of every part. */
  adamSteps(parts: readonly AdamPart[]): void;
  /** y[i] = the sum of the squares of part i; y [parts.length]. */
  sumsOfSquares(parts: readonly SquaresPart[], y: Buffer): void;
  /** x = x * (by * factors[i]) of part i; factors [parts.length], or [1], which is for all. */
  scaleEach(parts: readonly ScalePart[], factors: Buffer): void;
  /** y = keep * y + add * x. */
  mixEach(parts: readonly MixPart[]): void;
  /** x, brought into [low, high]. */
  clampEach(parts: readonly ClampPart[]): void;
}

export type GroupName = keyof Groups;

/** Every one of them; a missing or additional name is a compile error. */
export const GROUPS: Readonly<Record<GroupName, true>> = {
  sgdSteps: true,
  adamSteps: true,
  sumsOfSquares: true,
  scaleEach: true,
  mixEach: true,
  clampEach: true,
};

const ONE = { offset: 0, stride: 1 };

/** A backend of single tensors, and loops over them. */
export function withGroups<Core extends Omit<Backend, GroupName>>(core: Core): Core & Groups {
  const one = (work: (buffer: Buffer) => void): void => {
    const buffer = core.allocate(1);
    work(buffer);
    core.free(buffer);
  };
  const groups: Groups = {
    sgdSteps(parts) {
      for (const { w, g, velocity, length, shape } of parts) core.sgdStep(w, g, velocity, length, shape);
    },
    adamSteps(parts) {
      for (const { w, g, first, second, length, shape } of parts)
        core.adamStep(w, g, first, second, length, shape);
    },
    sumsOfSquares(parts, y) {
      one((sum) => {
        for (const [i, { x, length }] of parts.entries()) {
          core.reduce('sumSquares', x, sum, 1, length, 1);
          core.copyBlocks(sum, y, 1, 1, ONE, { offset: i, stride: 1 }, false);
        }
      });
    },
    scaleEach(parts, factors) {
      one((factor) => {
        for (const [i, { x, length, by }] of parts.entries()) {
          const offset = factors.length === 1 ? 0 : i;
          core.copyBlocks(factors, factor, 1, 1, { offset, stride: 1 }, ONE, false);
          core.unary('affine', factor, factor, 1, by, 0);
          core.binary('multiply', x, factor, x, 1, length, 'scalar');
        }
      });
    },
    mixEach(parts) {
      for (const { x, y, length, keep, add } of parts) {
        core.unary('affine', y, y, length, keep, 0);
        core.axpy(x, y, length, add);
      }
    },
    clampEach(parts) {
      for (const { x, length, low, high } of parts) core.unary('clamp', x, x, length, low, high);
    },
  };
  return Object.assign(core, groups);
}
