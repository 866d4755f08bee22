/** Who takes the steps of a training, and at which rates, by the settings of a run. */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { AdamW, DEFAULT_ADAMW, RADAM_BETA2 } from '../../training/adamw.ts';
import type { Optimiser } from '../../training/optimiser.ts';
import type { ScheduleConfig } from '../../training/schedule.ts';
import { Sgd } from '../../training/sgd.ts';
import type { RunConfig } from '../options.ts';

const MOMENTUM = 0.9;

/** `families`: those that share tensors. */
export function optimiserOf(
  backend: Backend,
  { optimiser, decay }: RunConfig,
  families: readonly string[],
  network: Pick<TrainableNetwork<unknown>, 'store'>,
): Optimiser {
  const parameters = network.store.parameters();
  switch (optimiser) {
    case 'sgd':
    case 'nesterov':
      return new Sgd(backend, parameters, { momentum: MOMENTUM, nesterov: optimiser === 'nesterov', decay });
    case 'radam':
      return new AdamW(backend, parameters, {
        ...DEFAULT_ADAMW,
        ...{ decay, families, beta2: RADAM_BETA2, rectified: true },
      });
    default:
      return new AdamW(backend, parameters, { ...DEFAULT_ADAMW, decay, families });
  }
}

/** What is said where tensors that operators share are not stepped along as the settings ask; undefined where they are. */
export function describeNormalised(
  { optimiser, sharedGradient }: Pick<RunConfig, 'optimiser' | 'sharedGradient'>,
  { store }: Pick<TrainableNetwork<unknown>, 'store'>,
): string | undefined {
  const sgd = optimiser === 'sgd' || optimiser === 'nesterov';
  if (!sgd || sharedGradient !== 'moments') return undefined;
  if (![...store.parameters()].some(({ traits }) => traits.shared === true)) return undefined;
  return `${optimiser} has no second moment for each operator, so gradients of shared tensors are brought to unit root mean square, as with --shared-gradient normalised`;
}

/** Warm-up takes a twentieth of the steps, but no more than the setting allows. Throws 'usage' for bad milestones. */
export function scheduleOf({ schedule, rate, warmup, milestones }: RunConfig, steps: number): ScheduleConfig {
  return {
    kind: schedule as ScheduleConfig['kind'],
    ...{ rate, steps, warmupSteps: Math.min(Math.ceil(steps / 20), warmup), floor: 0 },
    milestones: parseMilestones(milestones),
  };
}

/** `0.5,0.75` */
export function parseMilestones(text: string): number[] {
  const parts = text.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  const rising = parts.every((part, i) => part > (i === 0 ? 0 : parts[i - 1]) && part < 1);
  if (rising) return parts;
  throw new ShiftAddError(
    'usage',
    `--milestones are parts of a training that rise between 0 and 1, such as 0.5,0.75, but got "${text}"`,
    { milestones: text },
  );
}
