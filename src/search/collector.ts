import { require_, ShiftAddError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import {
  type Candidate,
  COST_NAMES,
  COSTS,
  type Costs,
  excess,
  type Limits,
  limitedCosts,
  meets,
  type SearchProblem,
  showCost,
} from './problem.ts';

/** A genotype that is new and meets the limits. */
export type Priced<G> = Omit<Candidate<G>, 'id'>;

/**
 * Gathers one batch of candidates: new ones only, within the limits, and never longer than a budget allows. It
 * remembers the nearest misses, so that giving up can say how far away the limits are.
 */
export class Collector<G> {
  readonly candidates: Candidate<G>[] = [];
  attempts = 0;
  infeasible = 0;
  readonly random: Random;
  private readonly problem: SearchProblem<G>;
  private readonly limits: Limits;
  private readonly limited: readonly (keyof Costs)[];
  private readonly seen: Set<string>;
  private readonly firstId: number;
  private nearest: { genotype: G; key: string; costs: Costs; excess: number } | undefined;
  private readonly refused = new Set<string>();
  /** Of each limited cost: the lowest value among the refused, and how many of them keep to its limit. */
  private readonly alone = new Map<keyof Costs, { key: string; lowest: number; met: number }>();

  constructor(problem: SearchProblem<G>, limits: Limits, random: Random, seen: readonly string[]) {
    this.problem = problem;
    this.limits = limits;
    this.limited = limitedCosts(limits);
    this.random = random;
    this.seen = new Set(seen);
    this.firstId = seen.length;
  }

  /** Tries one genotype; true when it is new, meets the limits, and has joined the batch. */
  offer(genotype: G): boolean {
    const found = this.consider(genotype);
    return found !== undefined && this.take(found);
  }

  /** As `offer`, with what `considerRepaired` makes of the genotype. */
  offerRepaired(genotype: G, moves: number): boolean {
    const found = this.considerRepaired(genotype, moves);
    return found !== undefined && this.take(found);
  }

  /**
   * As `consider`; beyond the limits a genotype is moved towards them by up to `moves` mutations, of which those stay
   * that lessen the excess. Pricing takes microseconds, so this is cheaper than drawing until one fits.
   */
  considerRepaired(genotype: G, moves: number): Priced<G> | undefined {
    const found = this.consider(genotype);
    if (found !== undefined || moves === 0) return found;
    let at = genotype;
    let beyond = excess(this.problem.price(at), this.limits);
    for (let i = 0; i < moves && beyond > 0; i++) {
      const moved = this.problem.mutate(at, this.random);
      const left = excess(this.problem.price(moved), this.limits);
      if (left < beyond) [at, beyond] = [moved, left];
      if (beyond === 0) return this.consider(at);
    }
    return undefined;
  }

  /** The price of one genotype if it is new and meets the limits. It does not join the batch. */
  consider(genotype: G): Priced<G> | undefined {
    this.attempts++;
    const key = this.problem.key(genotype);
    if (this.seen.has(key)) return undefined;
    const costs = this.problem.price(genotype);
    for (const cost of COST_NAMES)
      require_(
        !Number.isNaN(costs[cost]) && !(costs[cost] === undefined && this.limited.includes(cost)),
        'usage',
        () => `the price of genotype ${key} gives no number for ${COSTS[cost].name}, got ${costs[cost]}`,
        { key, cost },
      );
    if (!meets(costs, this.limits)) {
      this.infeasible++;
      this.refuse(genotype, key, costs);
      return undefined;
    }
    return { key, genotype, costs };
  }

  /** Notes how near a genotype beyond the limits came, each genotype once. */
  private refuse(genotype: G, key: string, costs: Costs): void {
    if (this.refused.has(key)) return;
    this.refused.add(key);
    const beyond = excess(costs, this.limits);
    if (!this.nearest || beyond < this.nearest.excess)
      this.nearest = { genotype, key, costs, excess: beyond };
    for (const cost of this.limited) {
      const value = costs[cost] ?? Number.POSITIVE_INFINITY;
      const before = this.alone.get(cost) ?? { key, lowest: value, met: 0 };
      const lowest = value < before.lowest ? { key, lowest: value } : before;
      const met = before.met + (value <= (this.limits[cost] ?? Number.POSITIVE_INFINITY) ? 1 : 0);
      this.alone.set(cost, { key: lowest.key, lowest: lowest.lowest, met });
    }
  }

  /** Adds what `consider` gave to the batch; false when it has joined already. */
  take({ key, genotype, costs }: Priced<G>): boolean {
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    this.candidates.push({ id: this.firstId + this.candidates.length, key, genotype, costs });
    return true;
  }

  /** Adds up to `count` candidates in at most `attempts` draws, each repaired by up to `moves` mutations. */
  collect(count: number, attempts: number, draw: () => G, moves = 0): void {
    const goal = this.candidates.length + count;
    for (let i = 0; i < attempts && this.candidates.length < goal; i++) this.offerRepaired(draw(), moves);
  }

  /**
   * Tops the batch up to `size` with random genotypes, giving up after `attempts` in a row that bring nothing. In
   * the second half of such a row every other attempt moves on from the nearest miss instead: under tight limits
   * that finds what blind draws would not.
   */
  fill(size: number, attempts: number): void {
    let failures = 0;
    while (this.candidates.length < size && failures < attempts) {
      const repair = this.nearest && 2 * failures >= attempts && failures % 2 === 1;
      const genotype =
        repair && this.nearest
          ? this.problem.mutate(this.nearest.genotype, this.random)
          : this.problem.sample(this.random);
      failures = this.offer(genotype) ? 0 : failures + 1;
    }
  }

  /** The error of a search that found nothing within its limits: what was asked, the best seen, and what binds. */
  giveUp(): ShiftAddError {
    if (!this.nearest)
      return new ShiftAddError(
        'limit',
        `no architecture was found in ${this.attempts.toLocaleString('en')} attempts; the space looks empty`,
        { attempts: this.attempts },
      );
    const { key, costs } = this.nearest;
    const asked = this.limited.map(
      (cost) => `${COSTS[cost].name} <= ${showCost(cost, this.limits[cost] ?? 0)}`,
    );
    const several = this.limited.length > 1;
    const seen = this.limited.map(
      (cost) => `${several ? `${COSTS[cost].name} ` : ''}${showCost(cost, costs[cost] ?? Number.NaN)}`,
    );
    const count = this.refused.size.toLocaleString('en');
    return new ShiftAddError(
      'limit',
      `no architecture of ${count} met ${asked.join(' and ')}; best seen ${seen.join(', ')}, genotype ${key}` +
        `${several ? `; ${this.binding()}` : ''}; raise the limit or choose another space`,
      {
        attempts: this.attempts,
        architectures: this.refused.size,
        nearest: key,
        ...Object.fromEntries(this.limited.map((cost) => [cost, costs[cost] ?? null])),
      },
    );
  }

  /** Which of several limits is to blame: those that no architecture keeps to, or else that they contradict. */
  private binding(): string {
    const all = this.limited.map((cost) => {
      const { key, lowest, met } = this.alone.get(cost) ?? { key: '', lowest: Number.NaN, met: 0 };
      const { name } = COSTS[cost];
      return { name, met, low: `${name} ${showCost(cost, lowest)} (genotype ${key})` };
    });
    const never = all.filter(({ met }) => met === 0);
    const list = (words: readonly string[]) => words.join(' and ');
    if (never.length > 0)
      return `${list(never.map(({ name }) => name))} ${never.length === 1 ? 'binds' : 'bind'}, as even the lowest seen is ${list(never.map(({ low }) => low))}`;
    const shares = all.map(
      ({ name, met }) => `${name} by ${((100 * met) / this.refused.size).toPrecision(2)} %`,
    );
    return `each alone is met (${shares.join(', ')}), but not together; lowest seen ${all.map(({ low }) => low).join(', ')}`;
  }
}
