/**
 * Data echoing (Choi et al. 2019, arXiv:1907.05550): where decoding takes longer than training, a picture that is decoded is
 * used in several batches, changed anew each time. Pictures come in one long order, a permutation of the set behind the other;
 * a position counts along it. A batch of D pictures that are used u times each brings D/u new ones and shares the others
 * with the batches d, 2d, ... before it:
 *
 *   batch t   new of t | new of t - d | ... | new of t - (u-1) d
 *
 * So no two batches in a row are alike, and d D pictures must be at hand.
 */
import { require_ } from '../core/errors.ts';

/** From `step` on, counted over all epochs, each picture is used so often; new ones come from position `from` on. */
export interface Echo {
  readonly step: number;
  readonly uses: number;
  readonly from: number;
}

/** How a batch is echoed: its different pictures, and the batches between two uses of one. */
export interface EchoShape {
  readonly distinct: number;
  readonly distance: number;
}

/** Most uses that are chosen without being asked for. */
export const MOST_USES = 32;
/** Pictures that are at hand, and bytes of them, at most; a batch is in any case. */
const PICTURES = 1024;
const BYTES = 256 * 2 ** 20;
/** What is gained beyond what would be just enough. */
const MARGIN = 1.25;

/** `count`: of the set; `bytes`: of a picture. */
export function echoDistance(distinct: number, { count, bytes }: { count: number; bytes: number }): number {
  return Math.max(1, Math.floor(Math.min(PICTURES, BYTES / bytes, count) / distinct));
}

/** Throws `usage` where batches cannot all have as many new pictures. */
export function checkUses(uses: number, distinct: number): void {
  require_(
    Number.isInteger(uses) && uses > 0 && distinct % uses === 0,
    'usage',
    () =>
      `a batch of ${distinct} different pictures cannot use each in ${uses} batches; choose a divisor of ${distinct} for --picture-uses`,
    { uses, distinct },
  );
}

/** From the first step on. */
export function echoFromStart(uses: number, { distinct, distance }: EchoShape): Echo {
  return { step: 0, uses, from: distinct * distance };
}

/** Where new pictures come from at `step`. */
export function newAt({ step: begin, uses, from }: Echo, step: number, distinct: number): number {
  return from + ((step - begin) * distinct) / uses;
}

/** Picture `i` of the different ones of a batch: its position, and how often it was used before. */
export function echoed(
  echo: Echo,
  step: number,
  i: number,
  { distinct, distance }: EchoShape,
): { readonly position: number; readonly before: number } {
  const fresh = distinct / echo.uses;
  const before = Math.floor(i / fresh);
  return { position: newAt(echo, step - before * distance, distinct) + (i % fresh), before };
}

/**
 * How often to use each picture where training has waited this share of its time (0 to 1) with `uses`; undefined where it is
 * as often as may be. Every batch must have room for as many new ones as every other.
 */
export function moreUses(uses: number, share: number, distinct: number): number | undefined {
  const allowed = Array.from({ length: MOST_USES }, (_, i) => i + 1).filter(
    (each) => each > uses && distinct % each === 0,
  );
  const enough = (MARGIN * uses) / Math.max(1 - share, 0.01);
  return allowed.find((each) => each >= enough) ?? allowed.at(-1);
}
