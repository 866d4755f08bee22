/**
 * The images that candidates are calibrated and scored on: all of them, or the part that a job asks for by `share`. A
 * part is drawn from the whole by class, and a larger part holds the smaller ones but for rounding.
 */
import { stratified } from '../../data/split.ts';
import type { HeldBatches, HeldImages } from '../../training/score.ts';
import { calibrationBatches, heldBatches, type ImagesContext, scoringBatches } from '../pipeline/context.ts';

/** What a score is made with; one kept by another thread is read in place. */
export interface EvaluationSet<Images extends HeldImages = HeldImages> {
  readonly calibration: Images;
  readonly scoring: Images;
}

/** Sets on a backend, each made when it is first asked for, which must be while no scope is open. */
export class EvaluationImages {
  private readonly context: ImagesContext;
  private readonly sets = new Map<number, EvaluationSet<HeldBatches>>();

  constructor(context: ImagesContext) {
    this.context = context;
  }

  /** The images for a candidate that asks for `share` of them. */
  of(share = 1): EvaluationSet<HeldBatches> {
    let found = this.sets.get(share);
    if (found === undefined) {
      found = share === 1 ? whole(this.context) : part(this.context, share);
      this.sets.set(share, found);
    }
    return found;
  }

  /** Gives the images back; those asked for later are made again. */
  dispose(): void {
    for (const { calibration, scoring } of this.sets.values()) {
      calibration.dispose();
      scoring.dispose();
    }
    this.sets.clear();
  }
}

function whole(context: ImagesContext): EvaluationSet<HeldBatches> {
  return { calibration: calibrationBatches(context), scoring: scoringBatches(context) };
}

function part(context: ImagesContext, share: number): EvaluationSet<HeldBatches> {
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
  { dataset, random }: ImagesContext,
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
