/**
 * How well a supernet does while it trains: the mean held-out score of a few paths, the same ones at every epoch. Ranks
 * score some of them each, for a rank that waits for another one is a processor that does nothing.
 */
import { sample } from '../../spaces/sample.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { Network } from '../../supernet/network.ts';
import type { Ranks } from '../../training/ranks.ts';
import { calibrate, type HeldBatches, type Score, score } from '../../training/score.ts';
import { shareScores } from '../ranks/messages.ts';
import { calibrationBatches, type JobContext, scoringBatches } from './context.ts';

const COUNT = 3;

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
    this.paths = Array.from({ length: COUNT }, (_, i) => sample(space, random.split(`probe path ${i}`)));
    this.calibration = calibrationBatches(context);
    this.scoring = scoringBatches(context);
    this.network = network;
    this.ranks = ranks;
  }

  /** The same on every rank; all of them call. */
  async score(): Promise<Score> {
    const { rank, size } = this.ranks ?? { rank: 0, size: 1 };
    const own: (Score | undefined)[] = [];
    for (const [i, path] of this.paths.entries()) {
      own.push(i % size === rank ? await this.scoreOf(path) : undefined);
    }
    const scores = this.ranks === undefined ? (own as Score[]) : shareScores(this.ranks, own);
    const mean = (pick: (score: Score) => number) =>
      scores.reduce((sum, found) => sum + pick(found) / COUNT, 0);
    return { loss: mean(({ loss }) => loss), accuracy: mean(({ accuracy }) => accuracy) };
  }

  private async scoreOf(path: Genotype): Promise<Score> {
    calibrate(this.network, path, this.calibration);
    return score(this.network, path, this.scoring);
  }

  dispose(): void {
    this.calibration.dispose();
    this.scoring.dispose();
  }
}
