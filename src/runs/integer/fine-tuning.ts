/**
 * Quantisation-aware fine-tuning: a trained network is trained further while it computes as its integer program will. It
 * sees the images that its run trained on, changed as they were there, and learns from their labels and from itself as it
 * was in real numbers, to which the program is compared. Rates are in parts of each tensor's size.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { RunEvent } from '../../core/events.ts';
import type { FoldedNetwork, Tuning } from '../../deploy/index.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { networkTeacher } from '../../training/distillation.ts';
import { score } from '../../training/score.ts';
import type { OpenedNetwork } from '../network-files.ts';
import { type JobContext, scoringBatches } from '../pipeline/context.ts';
import { imageMaterial } from '../pipeline/image-material.ts';
import { runTrainPhase } from '../pipeline/train-phase.ts';

export interface FineTuning {
  readonly epochs: number;
  /** Of the first steps: a step moves a tensor by about this part of its size. It falls to 0 as a cosine does. */
  readonly rate: number;
  /** Images and settings of the run, as openJobContext gives them. */
  readonly context: Omit<JobContext, 'checkpoints' | 'saveEvery'>;
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
}

const PHASE = 'fine-tuning';

/** What of the loss comes from the network in real numbers, and how its probabilities are softened. */
const FROM_REAL = { kind: 'soft', share: 0.5, temperature: 3 } as const;

/** Throws 'interrupted' when the signal is aborted, 'diverged' as training does. */
export function fineTuning(real: OpenedNetwork, options: FineTuning): Tuning {
  const { epochs, rate, onEvent = () => {}, signal } = options;
  const { mean, deviation, sharing } = real.description;
  const config = { ...options.context.config, ...RECIPE, rate };
  // the program normalises pixels as the network does
  const dataset = { ...options.context.dataset, mean, deviation };
  const context = { ...options.context, config, dataset, sharing, saveEvery: Infinity };
  const distillation = { ...FROM_REAL, teacher: networkTeacher(real.network, real.path) };
  return async (folded) => {
    const network = trainable(folded, real);
    const scoring = scoringBatches(context);
    const title = `fine-tuning ${real.key}`;
    onEvent({ type: 'phase-started', phase: PHASE, index: 1, of: 1, title });
    try {
      await runTrainPhase(context, {
        ...{ phase: PHASE, title, network, epochs },
        record: {
          load: () => undefined,
          save: async () => {},
          tell: onEvent,
          stopped: () => signal?.aborted === true,
          stop: interrupted,
        },
        material: () =>
          imageMaterial(context, { phase: PHASE, stream: 'tuned', pathAt: () => null, distillation }),
        validate: () => score(network, null, scoring),
      });
    } finally {
      scoring.dispose();
    }
  };
}

/** What fine-tuning does whatever the run did: steps in parts of a tensor's size are Adam's. */
const RECIPE = { optimiser: 'adamw', schedule: 'cosine', decay: 0 } as const;

function interrupted(): never {
  throw new ShiftAddError('interrupted', 'stopped; nothing was written');
}

/** A folded network as training knows networks: it has one path. */
function trainable(folded: FoldedNetwork, real: Pick<OpenedNetwork, 'description'>): TrainableNetwork<null> {
  const { store, network } = folded;
  return {
    ...{ store, config: { sharing: real.description.sharing } },
    forward: (x, _, { probe }) =>
      folded.forward(x, { observe: (layer, y) => probe?.(network.layers[layer].name, y) }),
    layers: () => [],
    weightOf: () => undefined,
    untrained: () => trainable(folded.untrained(), real),
    dispose: () => folded.dispose(),
  };
}
