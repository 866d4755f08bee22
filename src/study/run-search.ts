/** Searches over a supernet that an earlier cell trained: for the winner of its scheme, and by each algorithm. */
import { internal } from '../core/errors.ts';
import { parseLimits } from '../hardware/index.ts';
import { hypervolume } from '../metrics/hypervolume.ts';
import { baselines } from '../runs/pipeline/baselines.ts';
import type { RunContext } from '../runs/pipeline/context.ts';
import { imageSearch, runSearchPhase } from '../runs/pipeline/search-phase.ts';
import { runSupernetPhase } from '../runs/pipeline/supernet-phase.ts';
import type { Scored } from '../search/problem.ts';
import { chooseWinners } from '../search/winners.ts';
import { encode } from '../spaces/genotype.ts';
import type { Genotype } from '../spaces/space.ts';
import type { AlgorithmCell, WinnerCell } from './cells.ts';
import type { AlgorithmFigures, WinnerFigures } from './figures.ts';
import { measureNetwork } from './run-network.ts';

export async function runWinner(context: RunContext, cell: WinnerCell): Promise<WinnerFigures> {
  const limitMj = energyLimit(context);
  // One supernet can have two winners, under different limits.
  const name = cell.part === 'operators' ? 'operator-winner' : 'winner';
  const scored = await searchSupernet(context, `search-${name}`, 'searching for a winner', limitMj);
  const { key, loss, accuracy } = best(scored, limitMj);
  return {
    kind: 'winner',
    ...{ scheme: cell.scheme, length: cell.length, operators: cell.operators },
    ...(await measureNetwork(context, name, key)),
    evaluated: scored.length,
    supernet: { loss, accuracy },
    limitMj,
  };
}

export async function runAlgorithm(given: RunContext, cell: AlgorithmCell): Promise<AlgorithmFigures> {
  const { algorithm, searchSeed } = cell;
  const context = { ...given, config: { ...given.config, algorithm } };
  const limitMj = energyLimit(context);
  const phase = `algorithm:${algorithm}:${searchSeed}`;
  const scored = await searchSupernet(context, phase, `searching by ${algorithm}`, limitMj);
  const { genotype, loss, accuracy, costs } = best(scored, limitMj);
  const worst = [Math.log(context.dataset.classes.length), limitMj];
  const points = scored.map((one) => [one.loss, one.costs.energyMj]);
  return {
    kind: 'algorithm',
    ...{ algorithm, searchSeed, limitMj },
    evaluated: scored.length,
    best: { genotype: encode(genotype), loss, accuracy, energyMj: costs.energyMj },
    hypervolume: hypervolume(points, worst) / (worst[0] * worst[1]),
  };
}

/** The limit of a run as energy: that of the study is a share of all-convolution, which every space of it holds. */
function energyLimit({ config, space, pricer }: RunContext): number {
  const conv = baselines(space).find(({ name }) => name === 'all-conv');
  const { energyMj } = parseLimits(
    { energyMj: config.limitEnergy },
    conv === undefined ? undefined : pricer.price(conv.genotype),
  );
  return energyMj ?? internal('a study without a limit on energy');
}

async function searchSupernet(
  context: RunContext,
  phase: string,
  title: string,
  limitMj: number,
): Promise<readonly Scored<Genotype>[]> {
  const { network } = await runSupernetPhase(context, 1);
  const offer = await context.evaluator.offer(network);
  try {
    const { generations } = context.config;
    const plan = { phase, title, index: 1, of: 1, limits: { energyMj: limitMj }, generations };
    return await runSearchPhase(context, plan, imageSearch(context, offer));
  } finally {
    await offer.withdraw();
    network.dispose();
  }
}

function best(scored: readonly Scored<Genotype>[], limitMj: number): Scored<Genotype> {
  const [winner] = chooseWinners(scored, { count: 1, limits: { energyMj: limitMj } });
  return winner.candidate;
}
