/**
 * The images that candidates are calibrated and scored on: all of them, or the parts that a search asks for by
 * `share`. A part is drawn from the whole by class, and a larger part holds the smaller ones but for rounding.
 */
import { internal } from '../../core/errors.ts';
import { stratified } from '../../data/split.ts';
import type { HeldBatches } from '../../training/score.ts';
import { calibrationBatches, heldBatches, type RunContext, scoringBatches } from './context.ts';

export interface EvaluationSet {
  readonly calibration: HeldBatches;
  readonly scoring: HeldBatches;
}

export class EvaluationSets {
  private readonly sets: ReadonlyMap<number, EvaluationSet>;

  /** `shares`: the parts below 1 that will be asked for. */
  constructor(context: RunContext, shares: readonly number[]) {
    this.sets = new Map([
      [1, { calibration: calibrationBatches(context), scoring: scoringBatches(context) }],
      ...shares.map((share) => [share, part(context, share)] as const),
    ]);
  }

  /** The images for a candidate that asks for `share` of them. */
  of(share = 1): EvaluationSet {
    return this.sets.get(share) ?? internal(`no images were made ready for a share of ${share}`);
  }

  dispose(): void {
    for (const { calibration, scoring } of this.sets.values()) {
      calibration.dispose();
      scoring.dispose();
    }
  }
}

function part(context: RunContext, share: number): EvaluationSet {
  const { dataset, split, config } = context;
  const scored = draw(context, split.held, config.scoreImages, share, 'scoring');
  const calibrated = draw(context, split.kept, config.calibrationImages, share, 'calibration');
  const size = Math.min(128, calibrated.length);
  return {
    scoring: heldBatches(context, dataset.train, scored),
    calibration: heldBatches(context, dataset.train, calibrated, { equal: true, size }),
  };
}

/** A share of the images that the whole set of this name holds. */
function draw(
  { dataset, random }: RunContext,
  from: Uint32Array,
  count: number,
  share: number,
  name: string,
): Uint32Array {
  const stream = random.split(name);
  const labelsOf = (indices: Uint32Array) => Uint16Array.from(indices, (i) => dataset.train.labels[i]);
  const chosen = stratified(labelsOf(from), Math.min(count, from.length), stream).held;
  const whole = Uint32Array.from(chosen, (i) => from[i]);
  const size = Math.max(1, Math.round(share * whole.length));
  return Uint32Array.from(stratified(labelsOf(whole), size, stream.split('part')).held, (i) => whole[i]);
}
