/** Trains a supernet and scores it as the study judges all of them: on the same paths and all held-out images. */
import { baselines } from '../runs/pipeline/baselines.ts';
import { calibrationBatches, heldBatches, type RunContext, stopIfAsked } from '../runs/pipeline/context.ts';
import { runSupernetPhase } from '../runs/pipeline/supernet-phase.ts';
import { encode } from '../spaces/genotype.ts';
import type { Genotype } from '../spaces/space.ts';
import { adderScales } from '../supernet/adder-scales.ts';
import { countParameters, declarations } from '../supernet/declarations.ts';
import type { Network } from '../supernet/network.ts';
import { calibrate, score } from '../training/score.ts';
import { breathe } from '../training/trainer.ts';
import type { SupernetCell } from './cells.ts';
import type { PathScore, SupernetFigures } from './figures.ts';
import { randomPaths, rankedPaths } from './paths.ts';
import { fitSupernet } from './weight-fits.ts';

export async function runSupernet(context: RunContext, cell: SupernetCell): Promise<SupernetFigures> {
  const { space, task, sharing, config, pricer } = context;
  const { network } = await runSupernetPhase(context, 1);
  try {
    const pure = baselines(space);
    const ranked =
      cell.rankPaths === 0
        ? []
        : rankedPaths(space, cell.rankPaths, (genotype) => pricer.price(genotype).energyMj);
    const random = randomPaths(space, cell.randomPaths);
    const scores = await scorePaths(context, network, [
      ...random,
      ...ranked,
      ...pure.map(({ genotype }) => genotype),
    ]);
    const [afterRandom, afterRanked] = [random.length, random.length + ranked.length];
    return {
      kind: 'supernet',
      ...{ scheme: cell.scheme, length: cell.length, operators: cell.operators },
      epochs: config.supernetEpochs,
      params: countParameters(declarations(space, task, sharing)),
      paramsUnshared: countParameters(declarations(space, task, { ...sharing, families: [] })),
      random: scores.slice(0, afterRandom),
      ranked: scores.slice(afterRandom, afterRanked),
      pure: Object.fromEntries(pure.map(({ name }, i) => [name, scores[afterRanked + i]])),
      scales: (await adderScales(network)) ?? null,
      fits: await fitSupernet(network),
    };
  } finally {
    network.dispose();
  }
}

async function scorePaths(
  context: RunContext,
  network: Network,
  paths: readonly Genotype[],
): Promise<PathScore[]> {
  const { dataset, split } = context;
  const calibration = calibrationBatches(context);
  const held = heldBatches(context, dataset.train, split.held);
  try {
    const scores: PathScore[] = [];
    for (const genotype of paths) {
      calibrate(network, genotype, calibration);
      const { loss, accuracy } = await score(network, genotype, held);
      scores.push({ genotype: encode(genotype), loss, accuracy });
      stopIfAsked(context);
      await breathe();
    }
    return scores;
  } finally {
    calibration.dispose();
    held.dispose();
  }
}
