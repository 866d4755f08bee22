/** How much accuracy an integer program may lose, and what is said where it loses more. */
import { ShiftAddError } from '../../core/errors.ts';
import type { IntegerProof } from '../../deploy/index.ts';
import { pairedLoss } from '../../metrics/paired.ts';
import type { Option } from '../../runs/options.ts';
import { type CommandContext, given } from '../command.ts';
import { percent } from '../text.ts';

/** Points of accuracy. */
const TOLERANCE = 0.5;

export const TOLERANCE_FLAG: Readonly<Record<string, Option>> = {
  tolerance: {
    kind: 'number',
    help: 'integer: points of accuracy that the program may lose; what chance can bring is allowed besides',
    placeholder: 'points',
    minimum: 0,
    maximum: 100,
    initial: TOLERANCE,
  },
};

const points = (share: number): string => (100 * share).toFixed(2);

/**
 * A line where the images are too few to tell whether a loss above the tolerance is one.
 * @throws ShiftAddError 'limit' where the program loses more than --tolerance, by more than two standard errors
 */
export function withinTolerance(proof: IntegerProof, context: CommandContext): string[] {
  const { images, accuracy, integerAccuracy } = proof;
  const allowed = (given<number>(context, 'tolerance') ?? TOLERANCE) / 100;
  const { loss, certain } = pairedLoss(proof);
  if (loss <= allowed) return [];
  if (certain <= allowed) {
    return [
      `that is ${points(loss)} points less, more than the ${points(allowed)} of --tolerance, and of ${images} images it may be chance; more test images say more`,
    ];
  }
  const wider = given<string>(context, 'activationBits') === '16' ? '' : '--activation-bits 16, then ';
  throw new ShiftAddError(
    'limit',
    `the integer program labels ${percent(integerAccuracy)} of ${images} test images rightly and the network ${percent(accuracy)}: it loses ${points(loss)} points, at least ${points(certain)} of them not by chance, where --tolerance allows ${points(allowed)}, and was not written; try ${wider}more --calibration-images or --fine-tune-epochs, or allow the loss by --tolerance ${Math.ceil(100 * loss)}`,
    { images, accuracy, integerAccuracy, loss, certain, allowed },
  );
}
