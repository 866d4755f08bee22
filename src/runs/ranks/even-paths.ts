/**
 * A path for each rank of a step, such that no rank waits long for the others: the paths of a few steps are drawn
 * together, put in the order of their cost, and those that cost about the same are trained in the same
 * step. Steps, and ranks within a step, are then shuffled: the path of a step on a rank is still drawn uniformly.
 */
import type { Random } from '../../core/random.ts';
import type { Ranks } from '../../training/ranks.ts';

/** Steps whose paths are drawn together. */
const WINDOW = 8;

export interface EvenPathsOptions<Path> {
  readonly random: Random;
  readonly ranks: number;
  draw(random: Random): Path;
  /** What a step along it costs, in any unit. */
  cost(path: Path): number;
}

/** The path of a step on this process. `apart`: ranks that train one each; absent where all train the same. */
export function pathsOf<Path>(
  apart: Pick<Ranks, 'rank' | 'size'> | undefined,
  options: Omit<EvenPathsOptions<Path>, 'ranks'>,
): (step: number) => Path {
  if (apart === undefined) return (step) => options.draw(options.random.split(step));
  const even = new EvenPaths({ ...options, ranks: apart.size });
  return (step) => even.at(step, apart.rank);
}

export class EvenPaths<Path> {
  private readonly options: EvenPathsOptions<Path>;
  private held: { readonly window: number; readonly paths: readonly Path[] } | undefined;

  constructor(options: EvenPathsOptions<Path>) {
    this.options = options;
  }

  at(step: number, rank: number): Path {
    const window = Math.floor(step / WINDOW);
    if (this.held?.window !== window) this.held = { window, paths: this.draw(window) };
    return this.held.paths[(step % WINDOW) * this.options.ranks + rank];
  }

  /** [WINDOW, ranks] */
  private draw(window: number): Path[] {
    const { random, ranks, draw, cost } = this.options;
    const stream = random.split(`window ${window}`);
    const drawn = Array.from({ length: WINDOW * ranks }, (_, i) => {
      const path = draw(stream.split(i));
      return { path, cost: cost(path) };
    });
    const paths = drawn.sort((a, b) => a.cost - b.cost).map(({ path }) => path);
    const groups = Array.from({ length: WINDOW }, (_, i) => paths.slice(i * ranks, (i + 1) * ranks));
    const shuffled = stream.split('steps').shuffle(groups);
    return shuffled.flatMap((group, i) => stream.split(`ranks of ${i}`).shuffle(group));
  }
}
