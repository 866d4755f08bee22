/**
 * Supernets against stand-alone networks. Stand-alone networks are known only as well as their seeds agree, so beside
 * tau stands how much of what tells them apart is the path and how much the seed.
 */
import { Random } from '../core/random.ts';
import { kendallTau, spearmanRho } from '../metrics/rank.ts';
import { quantile } from '../metrics/rank-interval.ts';
import { meanAndDeviation } from '../metrics/spread.ts';
import type { PathScore, TruthFigures } from './figures.ts';

/** Losses of the stand-alone trainings of one path, by seed. */
export interface TruePath {
  readonly genotype: string;
  readonly energyMj: number;
  readonly losses: ReadonlyMap<number, number>;
}

/** All paths that were trained alone with some seed, cheapest first. */
export function truePaths(
  found: readonly { readonly seed: number; readonly figures: TruthFigures }[],
): TruePath[] {
  const paths = new Map<string, { genotype: string; energyMj: number; losses: Map<number, number> }>();
  for (const { seed, figures } of found) {
    for (const { genotype, loss, energyMj } of figures.paths) {
      const known = paths.get(genotype) ?? { genotype, energyMj, losses: new Map<number, number>() };
      paths.set(genotype, known);
      known.losses.set(seed, loss);
    }
  }
  return [...paths.values()].sort((a, b) => a.energyMj - b.energyMj);
}

export const trueLoss = ({ losses }: TruePath) => meanAndDeviation([...losses.values()]).mean;

export interface Reliability {
  /** Standard deviations of the loss: over paths (of their means), and over seeds of one path (pooled). */
  readonly paths: number;
  readonly seeds: number;
  /** Share of the variance of what supernets are compared with that is not the seeds': 1 - seeds² / n / paths². */
  readonly reliability: number;
  /** Paths with more than one seed. */
  readonly repeated: number;
}

/** null while no path has two seeds, or fewer than two paths are there. */
export function reliability(paths: readonly TruePath[]): Reliability | null {
  const several = paths.filter(({ losses }) => losses.size > 1);
  if (several.length === 0 || paths.length < 2) return null;
  let [squares, freedom] = [0, 0];
  for (const { losses } of several) {
    const { deviation } = meanAndDeviation([...losses.values()]);
    squares += (deviation ?? 0) ** 2 * (losses.size - 1);
    freedom += losses.size - 1;
  }
  const within = squares / freedom;
  const between = (meanAndDeviation(paths.map(trueLoss)).deviation ?? 0) ** 2;
  const perMean = paths.reduce((sum, { losses }) => sum + within / losses.size, 0) / paths.length;
  return {
    paths: Math.sqrt(between),
    seeds: Math.sqrt(within),
    reliability: between === 0 ? 0 : Math.max(0, 1 - perMean / between),
    repeated: several.length,
  };
}

export interface RankAgreement {
  readonly tau: number;
  readonly rho: number;
  readonly low: number;
  readonly high: number;
  readonly paths: number;
  /** Of the pairs that seeds leave no doubt about; null where seeds are unknown. */
  readonly clear: ClearPairs | null;
}

/** Kendall's tau over some pairs, NaN of none, and its 95 % interval when paths are drawn anew. */
export interface ClearPairs {
  readonly tau: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
  readonly of: number;
}

const FEWEST = 4;
const RESAMPLES = 1000;

/**
 * Mean over supernets (one a seed) of their rank correlation with the stand-alone losses, and the 95 % interval of that
 * mean when paths are drawn anew (percentile bootstrap). null below four paths.
 */
export function agreement(
  supernets: readonly (readonly PathScore[])[],
  paths: readonly TruePath[],
): RankAgreement | null {
  const scores = supernets.map((ranked) => new Map(ranked.map(({ genotype, loss }) => [genotype, loss])));
  const common = paths.filter(({ genotype }) => scores.every((known) => known.has(genotype)));
  if (scores.length === 0 || common.length < FEWEST) return null;
  const truth = common.map(trueLoss);
  const losses = scores.map((known) => common.map(({ genotype }) => known.get(genotype)!));
  const over = (items: readonly number[], of: typeof kendallTau) =>
    meanAndDeviation(
      losses.map((loss) =>
        of(
          items.map((i) => loss[i]),
          items.map((i) => truth[i]),
        ),
      ),
    ).mean;
  const [low, high] = interval(common.length, (drawn) => over(drawn, kendallTau));
  const all = common.map((_, i) => i);
  return {
    tau: over(all, kendallTau),
    rho: over(all, spearmanRho),
    ...{ low, high },
    paths: common.length,
    clear: clearPairs(losses, common),
  };
}

/** 2.5 and 97.5 % quantiles of a figure of paths that are drawn again and again (percentile bootstrap). */
function interval(count: number, of: (drawn: readonly number[]) => number): [low: number, high: number] {
  const random = Random.fromSeed('study: intervals');
  const found = Array.from({ length: RESAMPLES }, () =>
    of(Array.from({ length: count }, () => random.integer(count))),
  ).filter((value) => !Number.isNaN(value));
  found.sort((a, b) => a - b);
  return [quantile(found, 0.025), quantile(found, 0.975)];
}

/** Pairs whose stand-alone losses differ by more than two standard errors of such a difference. */
function clearPairs(
  losses: readonly (readonly number[])[],
  paths: readonly TruePath[],
): RankAgreement['clear'] {
  const found = reliability(paths);
  if (found === null) return null;
  const means = paths.map(trueLoss);
  /** Of pairs of places in a list of paths: how many are clear, and how far the supernets agree about them. */
  const over = (drawn: readonly number[]) => {
    let [agree, pairs] = [0, 0];
    for (const [place, i] of drawn.entries()) {
      for (const j of drawn.slice(0, place)) {
        const difference = means[i] - means[j];
        const error = found.seeds * Math.sqrt(1 / paths[i].losses.size + 1 / paths[j].losses.size);
        if (Math.abs(difference) <= 2 * error) continue;
        pairs++;
        for (const loss of losses)
          agree += (Math.sign(loss[i] - loss[j]) * Math.sign(difference)) / losses.length;
      }
    }
    return { tau: pairs === 0 ? Number.NaN : agree / pairs, pairs };
  };
  const all = over(paths.map((_, i) => i));
  const [low, high] =
    all.pairs === 0 ? [Number.NaN, Number.NaN] : interval(paths.length, (drawn) => over(drawn).tau);
  return { ...all, low, high, of: (paths.length * (paths.length - 1)) / 2 };
}

/** Kendall's tau of one seed's stand-alone losses with another's: what a perfect supernet could reach. null if unknown. */
export function seedAgreement(paths: readonly TruePath[]): { tau: number; paths: number } | null {
  const both = paths.filter(({ losses }) => losses.size > 1).map(({ losses }) => [...losses.values()]);
  if (both.length < FEWEST) return null;
  return {
    tau: kendallTau(
      both.map(([one]) => one),
      both.map(([, two]) => two),
    ),
    paths: both.length,
  };
}
