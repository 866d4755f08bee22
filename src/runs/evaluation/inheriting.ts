/** Retraining that starts from the supernet of the run, and says what it took from it. */
import { internal, ShiftAddError } from '../../core/errors.ts';
import { type Inheritance, inherit } from '../../supernet/inherit.ts';
import { Network } from '../../supernet/network.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import type { JobContext } from '../pipeline/context.ts';
import type { TrainingRecord } from '../pipeline/train-phase.ts';
import { loadTrained } from '../pipeline/training-tensors.ts';

/** What gives the network of a phase the weights it had in the supernet that the run has trained. */
export function inheriting(
  context: JobContext,
  phase: string,
  record: Pick<TrainingRecord, 'tell'>,
): (network: TrainableNetwork<never>) => Promise<void> {
  return async (network) => {
    const { backend, space, task, sharing, quantisation, random } = context;
    const genotype = network instanceof Network ? network.config.genotype : undefined;
    if (!(network instanceof Network) || genotype === undefined)
      internal(`${phase} trains no network of a space`);
    const settings = { space, task, sharing, quantisation };
    const supernet = new Network(backend, settings, random.split('supernet weights'));
    try {
      if (!loadTrained(context, 'supernet', supernet)) refuseInheritance();
      const found = await inherit(network, supernet, genotype);
      record.tell({ type: 'note', text: `${phase.replace('retrain:', '')} ${show(found)}` });
    } finally {
      supernet.dispose();
    }
  };
}

/** Throws 'usage': a run that trains single networks has no supernet. */
export function refuseInheritance(): never {
  throw new ShiftAddError(
    'usage',
    '--inherit takes weights from a trained supernet, and this run has none; leave it out, or use search',
  );
}

/** `inherits 81.6 % of its 11954 parameters from the supernet; fresh: excite, squeeze`, by roles. */
function show({ taken, of, fresh }: Inheritance): string {
  const share = `inherits ${((100 * taken) / of).toFixed(1)} % of its ${of} parameters from the supernet`;
  const roles = new Set(fresh.map((name) => name.replace(/^layer\d+\.stage\d+\.\w+\./, '')));
  return roles.size === 0 ? share : `${share}; fresh: ${[...roles].sort().join(', ')}`;
}
