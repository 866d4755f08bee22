/**
 * How well a supernet does while it trains: the mean held-out score of a few paths, the same ones at every epoch. Ranks
 * score some of them each, for a rank that waits for another one is a processor that does nothing.
 */
import type { Random } from '../../core/random.ts';
import { sample } from '../../spaces/sample.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { Network } from '../../supernet/network.ts';
import type { Ranks } from '../../training/ranks.ts';
import { calibrate, type HeldBatches, type Score, score } from '../../training/score.ts';
import { shareScores } from '../ranks/messages.ts';
import { calibrationBatches, type JobContext, scoringBatches } from './context.ts';

const COUNT = 3;

/** The paths; `random` is that of the run. */
export function drawProbes<Path>(random: Random, draw: (random: Random) => Path): readonly Path[] {
  return Array.from({ length: COUNT }, (_, i) => draw(random.split(`probe path ${i}`)));
}

/** Their mean score, the same on every rank; all of them call. */
export async function scoreProbes<Path>(
  paths: readonly Path[],
  ranks: Ranks | undefined,
  scoreOf: (path: Path) => Promise<Score>,
): Promise<Score> {
  const { rank, size } = ranks ?? { rank: 0, size: 1 };
  const own: (Score | undefined)[] = [];
  for (const [i, path] of paths.entries()) own.push(i % size === rank ? await scoreOf(path) : undefined);
  const scores = ranks === undefined ? (own as Score[]) : shareScores(ranks, own);
  const mean = (pick: (score: Score) => number) =>
    scores.reduce((sum, found) => sum + pick(found) / paths.length, 0);
  return { loss: mean(({ loss }) => loss), accuracy: mean(({ accuracy }) => accuracy) };
}

/** Those of a supernet for images. */
export class ProbePaths {
  private readonly paths: readonly Genotype[];
  private readonly calibration: HeldBatches;
  private readonly scoring: HeldBatches;
  private readonly network: Network;
  private readonly ranks: Ranks | undefined;

  constructor(
    context: Omit<JobContext, 'checkpoints' | 'saveEvery'>,
    network: Network,
    ranks: Ranks | undefined,
  ) {
    const { space, random } = context;
    this.paths = drawProbes(random, (from) => sample(space, from));
    this.calibration = calibrationBatches(context);
    this.scoring = scoringBatches(context);
    this.network = network;
    this.ranks = ranks;
  }

  /** The same on every rank; all of them call. */
  score(): Promise<Score> {
    return scoreProbes(this.paths, this.ranks, (path) => {
      calibrate(this.network, path, this.calibration);
      return score(this.network, path, this.scoring);
    });
  }

  dispose(): void {
    this.calibration.dispose();
    this.scoring.dispose();
  }
}
