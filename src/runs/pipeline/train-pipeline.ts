/** `train`: one network from scratch, with the recipe that retrained networks get. */

import { readMetadata } from '../../core/safetensors.ts';
import { checkExceptions } from '../../supernet/quantisation.ts';
import { refuseInheritance } from '../evaluation/inheriting.ts';
import type { RunConfig } from '../options.ts';
import type { NetworkResult } from '../result.ts';
import { isFolder } from '../source-files.ts';
import type { RunContext } from './context.ts';
import { otherNetwork } from './from-weights.ts';
import { namedNetwork } from './named-network.ts';
import { tellTrainings } from './planned-work.ts';
import { networkResult, writeNetwork } from './result-of.ts';
import { trainAndMeasure } from './retrain-phase.ts';
import { type SessionOptions, session } from './session.ts';

/** A run's settings and which network it trains. */
export type TrainConfig = RunConfig & { readonly network: string };

/** `weights`: a file of tensors, or the folder of a trained network, to start from; drawn ones when absent. */
export function runTraining(
  options: SessionOptions,
  network: string,
  weights?: string,
): Promise<NetworkResult> {
  return session(options, async (context) => {
    if (context.config.inherit) refuseInheritance();
    const subject = namedNetwork(context, network);
    checkExceptions(context.quantisation, subject.layers(), subject.key);
    if (weights !== undefined) tellForeign(context, weights, subject.key);
    const start = weights === undefined ? {} : { weights };
    const one = { name: 'network', role: 'candidate', subject, ...start } as const;
    tellTrainings(context, [one]);
    const [measured] = await trainAndMeasure(context, { first: 1, of: 1 }, [one]);
    const result = networkResult('network', subject, measured);
    writeNetwork(context, context.run.winner, subject, measured, result);
    return result;
  });
}

/** A network may begin with the weights of another one, say an adder network with those of its convolutions. */
function tellForeign({ bus }: Pick<RunContext, 'bus'>, weights: string, key: string): void {
  const other = isFolder(weights) ? undefined : otherNetwork(readMetadata(weights), key);
  if (other === undefined) return;
  bus.emit({ type: 'note', text: `${key} starts from ${weights}, which holds the weights of ${other}` });
}
