/** One candidate's score, the same wherever it is made: recalibrated norms, then held-out images. */
import { decode } from '../../spaces/genotype.ts';
import type { Network } from '../../supernet/network.ts';
import { type Between, calibrate, type Score, score } from '../../training/score.ts';
import type { EvaluationSet } from './evaluation-images.ts';

/** `between` is called before each batch of images; what it throws ends the work. */
export function scorePath(
  network: Network,
  word: string,
  { calibration, scoring }: EvaluationSet,
  between?: Between,
): Promise<Score> {
  const genotype = decode(network.config.space, word);
  calibrate(network, genotype, calibration, between);
  return score(network, genotype, scoring, between);
}
