/**
 * Data-parallel training: several processes (ranks) hold the same weights, each takes its part of every batch, and the
 * step that all of them make is along the mean of their gradients. The mean is that of the whole batch, because parts
 * are of one size or their losses are divided as if they were (rank-batches.ts); norms see the part alone, as usual in
 * data-parallel training.
 *
 * Ranks may train different paths of a supernet in one step. A tensor that two families share then has a gradient from
 * each, and takes a step along each, in the order of the families.
 */
import type { Graph, Parameter } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import { internal } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { type Gradient, gradientsOf } from './gradients.ts';

/** The processes of a run. Every rank makes the same calls in the same order; each blocks until all have made it. */
export interface Ranks {
  readonly rank: number;
  readonly size: number;
  /** In place: the sum over all ranks, added in the order of the ranks, the same bits everywhere. */
  sum(backend: Backend, buffer: Buffer): void;
  /** The same of numbers in JavaScript. */
  sumNumbers(values: Float32Array): void;
  /** In place: all ranks hold rank 0's bytes afterwards; the same number everywhere. */
  broadcast(bytes: Uint8Array): void;
  /** Computes with this rank's part of the machine's processors while `work` goes on. */
  together<T>(work: () => Promise<T>): Promise<T>;
}

/** What this rank drops: other than the others, for the same places of their parts hold other examples. */
export function drawsOfRank(draws: Random, ranks: Pick<Ranks, 'rank'> | undefined): Random {
  return ranks === undefined || ranks.rank === 0 ? draws : draws.split(`rank ${ranks.rank}`);
}

const CONTIGUOUS = { offset: 0, stride: 1 };

/** A parameter, and the family through which its gradient came where it is shared. */
interface Slot {
  readonly parameter: Parameter;
  readonly family?: string;
}

const keyOf = ({ parameter, family = '' }: Slot) => `${parameter.name}/${family}`;

/** Means of the gradients of all ranks. */
export class RankedGradients {
  private readonly slots: readonly Slot[];
  private readonly place: ReadonlyMap<string, number>;
  private readonly ranks: Ranks;

  /** `families`: those that read shared parameters. */
  constructor(ranks: Ranks, parameters: Iterable<Parameter>, families: readonly string[]) {
    this.ranks = ranks;
    this.slots = Array.from(parameters).flatMap((parameter): Slot[] =>
      parameter.traits.shared === true ? families.map((family) => ({ parameter, family })) : [{ parameter }],
    );
    this.place = new Map(this.slots.map((slot, i) => [keyOf(slot), i]));
  }

  /** Gradients and loss of all ranks' graphs; buffers of this graph's scope. */
  combine(graph: Graph, loss: Buffer): { gradients: Gradient[]; loss: Buffer } {
    const { backend } = graph;
    const { ranks, slots } = this;
    const own = new Map(gradientsOf(graph).map((gradient) => [this.slotOf(gradient), gradient.value]));
    const reached = new Float32Array(slots.length);
    for (const slot of own.keys()) reached[slot] = 1;
    ranks.sumNumbers(reached);

    const present = slots.map((_, i) => i).filter((i) => reached[i] > 0);
    const lengths = present.map((i) => sizeOf(slots[i].parameter.shape));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const packed = backend.allocate(total + 1); // the loss stands at the end
    backend.fill(packed, 0);
    const copy = (from: Buffer, to: Buffer, length: number, read: number, written: number) =>
      backend.copyBlocks(
        from,
        to,
        1,
        length,
        { offset: read, stride: length },
        { offset: written, stride: length },
        false,
      );
    let offset = 0;
    present.forEach((slot, i) => {
      const value = own.get(slot);
      if (value !== undefined) copy(value, packed, lengths[i], 0, offset);
      offset += lengths[i];
    });
    backend.copyBlocks(loss, packed, 1, 1, CONTIGUOUS, { offset: total, stride: 1 }, false);
    ranks.sum(backend, packed);
    backend.unary('affine', packed, packed, total + 1, 1 / ranks.size, 0);

    offset = 0;
    const gradients = present.map((slot, i): Gradient => {
      const value = backend.allocate(lengths[i]);
      copy(packed, value, lengths[i], offset, 0);
      offset += lengths[i];
      return { ...slots[slot], value };
    });
    const mean = backend.allocate(1);
    copy(packed, mean, 1, total, 0);
    return { gradients, loss: mean };
  }

  private slotOf(gradient: Gradient): number {
    return (
      this.place.get(keyOf(gradient)) ?? internal(`${keyOf(gradient)} has a gradient, but no rank expects it`)
    );
  }
}
