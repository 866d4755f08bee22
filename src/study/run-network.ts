/** Trains a network alone with the recipe of all of them and measures it, once on the test set too. */
import { findAccelerator, Pricer } from '../hardware/index.ts';
import { InProcess } from '../runs/evaluation/in-process.ts';
import { DEFAULT_CONFIG } from '../runs/options.ts';
import type { RunContext } from '../runs/pipeline/context.ts';
import { namedNetwork } from '../runs/pipeline/named-network.ts';
import { trainAndMeasure } from '../runs/pipeline/retrain-phase.ts';
import { sharingAloneOf, sharingOf } from '../runs/pipeline/sharing-of.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import { scaleRange } from '../supernet/adder-scales.ts';
import type { NetworkCell } from './cells.ts';
import type { Measured, NetworkFigures } from './figures.ts';
import { fitWeights } from './weight-fits.ts';

/** Networks are trained alone with the default adders and shifts, whatever scheme their supernet had. */
export function aloneContext(context: RunContext): RunContext {
  return working({
    ...context,
    sharing: sharingOf(DEFAULT_CONFIG),
    sharingAlone: sharingAloneOf(DEFAULT_CONFIG),
  });
}

/** A context that is not quite its run's own does its jobs itself: other evaluators know the run's settings only. */
export function working(context: RunContext): RunContext {
  return { ...context, evaluator: new InProcess(context) };
}

export async function runNetwork(context: RunContext, { network }: NetworkCell): Promise<NetworkFigures> {
  return { kind: 'network', network, ...(await measureNetwork(context, network, network)) };
}

/** Any network that `namedNetwork` reads, trained in the phase that `name` stands for. */
export async function measureNetwork(given: RunContext, name: string, word: string): Promise<Measured> {
  const context = aloneContext(given);
  const subject = namedNetwork(context, word);
  const [{ validation, test, tensors }] = await trainAndMeasure(context, { first: 1, of: 1 }, [
    { name, role: 'candidate', subject },
  ]);
  const { energyMj, latencyMs, params, macs } = subject.costs();
  const held = [...tensors].map(([tensor, { shape, data }]) => [tensor, shape, data] as const);
  return {
    genotype: subject.key,
    epochs: context.config.epochs,
    ...{ validation, test, params, macs, energyMj, latencyMs },
    energyMj8: namedNetwork(atBits(context, 8), word).costs().energyMj,
    scales:
      scaleRange(
        subject.sharing,
        held.map(([tensor, , data]) => [tensor, data]),
      ) ?? null,
    fits: fitWeights(held),
  };
}

/** The same run, priced at another width. */
function atBits(context: RunContext, bits: number): RunContext {
  const { space, task, config } = context;
  const pricer = new ArchitecturePricer(space, task, new Pricer(findAccelerator(config.accelerator), bits));
  return { ...context, pricer };
}
