/** Ranks that are played one after the other in one process: what the others gave is added by hand. */
import type { Backend, Buffer } from '../../backends/backend.ts';
import type { Ranks } from '../ranks.ts';

/** What a rank gave to each sum. */
export interface Given {
  readonly numbers: Float32Array;
  readonly packed?: Float32Array;
}

/** A rank to whose sums the others' parts are added, and which remembers its own. On the reference backend. */
export class PlayedRank implements Ranks {
  readonly rank: number;
  readonly size: number;
  private readonly others: Partial<Given>;
  private numbers = new Float32Array();
  private packed: Promise<unknown> | undefined;

  constructor(size: number, others: Partial<Given> = {}, rank = 0) {
    this.rank = rank;
    this.size = size;
    this.others = others;
  }

  async given(): Promise<Given> {
    return { numbers: this.numbers, packed: (await this.packed) as Float32Array };
  }

  sum(backend: Backend, buffer: Buffer): void {
    this.packed = backend.read(buffer); // of the reference, which copies at once
    if (this.others.packed === undefined) return;
    const others = backend.allocate(buffer.length);
    backend.write(others, this.others.packed);
    backend.axpy(others, buffer, buffer.length, 1);
  }

  sumNumbers(values: Float32Array): void {
    this.numbers = values.slice();
    this.others.numbers?.forEach((value, i) => {
      values[i] += value;
    });
  }

  broadcast(): void {}
  together<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}

/**
 * What `work` returns on each of `size` ranks. It is done three times: to hear which gradients there are, to hear what
 * they are, and with the others' sums.
 */
export async function playRanks<T>(size: number, work: (ranks: Ranks) => Promise<T>): Promise<T[]> {
  let results: T[] = [];
  let heard: readonly Given[] = [];
  for (const parts of [[], ['numbers'], ['numbers', 'packed']] as const) {
    const next: Given[] = [];
    results = [];
    for (let rank = 0; rank < size; rank++) {
      const others = heard.filter((_, other) => other !== rank);
      const told = parts.map((part) => [part, total(others.map((given) => given[part] ?? NONE))] as const);
      const played = new PlayedRank(size, Object.fromEntries(told), rank);
      results.push(await work(played));
      next.push(await played.given());
    }
    heard = next;
  }
  return results;
}

const NONE = new Float32Array();

function total(all: readonly Float32Array[]): Float32Array {
  return all.reduce(
    (sum, one) => sum.map((value, i) => value + one[i]),
    new Float32Array(all[0]?.length ?? 0),
  );
}
