/** `train`: one architecture from scratch, with the recipe that retrained networks get. */

import { nearest, ShiftAddError } from '../../core/errors.ts';
import { decode, validate } from '../../spaces/genotype.ts';
import type { Genotype, Space } from '../../spaces/space.ts';
import type { RunConfig } from '../options.ts';
import type { NetworkResult } from '../result.ts';
import { baselines } from './baselines.ts';
import { networkResult, writeNetwork } from './result-of.ts';
import { runRetrainPhase } from './retrain-phase.ts';
import { type SessionOptions, session } from './session.ts';

/** A run's settings and which network it trains. */
export type TrainConfig = RunConfig & { readonly network: string };

export function runTraining(options: SessionOptions, network: string): Promise<NetworkResult> {
  return session(options, async (context) => {
    const genotype = namedGenotype(context.space, network);
    const place = { index: 1, of: 1 };
    const trained = await runRetrainPhase(context, place, 'network', 'candidate', genotype);
    writeNetwork(context, context.run.winner, trained);
    return networkResult(context, trained);
  });
}

/** `all-conv` and its kin, or a genotype of the space. */
export function namedGenotype(space: Space, name: string): Genotype {
  const fixed = baselines(space);
  const found = fixed.find((baseline) => baseline.name === name);
  if (found !== undefined) {
    validate(space, found.genotype);
    return found.genotype;
  }
  if (name.includes(':')) return decode(space, name);
  const names = fixed.map((baseline) => baseline.name);
  const near = nearest(name, names);
  throw new ShiftAddError(
    'usage',
    `train needs a genotype of space ${space.name} or one of ${names.join(', ')}, but got "${name}"${near ? `; did you mean ${near}?` : ''}`,
    { network: name },
  );
}
