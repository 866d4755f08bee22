/**
 * Indices are data on the GPU, so a program looks at them itself: where one names no row, the program leaves it out and
 * notes its place. What was noted comes along with the next buffer that is read, and is an error there.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { Block } from './memory.ts';
import type { Queue } from './queue.ts';

/** Launches that can be told apart between two reads; further ones share the last place. */
export const INDEX_PLACES = 256;
/** All bits set: as programs compare, beyond every place. */
const NOTHING = -1;

interface Launch {
  readonly kernel: string;
  readonly limit: number;
}

export class IndexChecks {
  readonly block: Block;
  private readonly queue: Queue;
  private readonly launches: Launch[] = [];

  /** Over a block of INDEX_PLACES integers. */
  constructor(queue: Queue, block: Block) {
    this.queue = queue;
    this.block = block;
    this.clear();
  }

  /** The place where a launch notes the first of its indices that is not below `limit`. */
  place(kernel: string, limit: number): number {
    if (this.launches.length < INDEX_PLACES) this.launches.push({ kernel, limit });
    return this.launches.length - 1;
  }

  /** Bytes of the block that tell of every launch so far. */
  get bytes(): number {
    return 4 * this.launches.length;
  }

  /** Throws 'shape' if a launch noted something. */
  look(noted: Int32Array): void {
    const bad = noted.findIndex((row) => row !== NOTHING);
    const launch = this.launches[bad];
    this.launches.splice(0, noted.length);
    if (launch === undefined) return;
    this.clear();
    throw new ShiftAddError(
      'shape',
      `${launch.kernel}: index ${noted[bad]} must name one of ${launch.limit} places, but does not`,
      { kernel: launch.kernel },
    );
  }

  private clear(): void {
    this.queue.write(this.block, 0, new Int32Array(INDEX_PLACES).fill(NOTHING));
  }
}
