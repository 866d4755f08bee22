/**
 * The processes that `mpirun` started as ranks of one training. All data pass through the native addon, which loads
 * OpenMPI when it is asked to (native/mpi.cpp).
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, Buffer } from '../backends/backend.ts';
import type { SharedAddress } from '../backends/machine.ts';
import { type Addon, loadAddon } from '../backends/native/addon.ts';
import { ShiftAddError } from '../core/errors.ts';
import type { Ranks } from '../training/ranks.ts';

/** Between two looks whether the others are done, milliseconds. */
const LOOK = 50;

/** Processes that mpirun started, as OpenMPI tells them; 1 without it. */
export function rankCount(): number {
  return Number(process.env.OMPI_COMM_WORLD_SIZE ?? 1);
}

/** Whether mpirun keeps this process on a part of the machine's processors, which it does unless told otherwise. */
export function isBound(): boolean {
  return process.env.OMPI_MCA_orte_bound_at_launch === '1';
}

/** Threads for each rank of this machine. */
export function threadsOfRank(): number {
  const here = isBound() ? 1 : Number(process.env.OMPI_COMM_WORLD_LOCAL_SIZE ?? 1);
  return Math.max(1, Math.floor(availableParallelism() / here));
}

/**
 * Joins the other ranks; undefined where mpirun started none. `threads`: of each rank while they train, absent for an
 * equal part of the processors. Throws 'missing' without OpenMPI or addon.
 */
export function openRanks(threads: number = threadsOfRank()): MpiRanks | undefined {
  if (rankCount() < 2) return undefined;
  // A rank that waits leaves its processor to whoever else has work; read by MPI when it starts.
  process.env.OMPI_MCA_mpi_yield_when_idle ??= '1';
  const addon = loadAddon();
  try {
    return new MpiRanks(addon, addon.mpi.open(), threads);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShiftAddError('missing', `mpirun started ${rankCount()} processes, but ${reason}`, {}, cause);
  }
}

export class MpiRanks implements Ranks {
  readonly rank: number;
  readonly size: number;
  private readonly addon: Addon;
  private readonly threads: number;

  constructor(addon: Addon, { rank, size }: { rank: number; size: number }, threads: number) {
    this.addon = addon;
    this.rank = rank;
    this.size = size;
    this.threads = threads;
  }

  sum(backend: Backend, buffer: Buffer): void {
    if (backend.name !== 'native') {
      throw new ShiftAddError(
        'usage',
        `ranks of mpirun train on the native backend, but this is ${backend.name}; leave out --backend`,
      );
    }
    // Kernels of this backend have ended when they return: the floats are there.
    const { address } = backend.share(buffer) as SharedAddress;
    this.addon.mpi.sum(address, buffer.length);
  }

  sumNumbers(values: Float32Array): void {
    const { addon } = this;
    const address = addon.allocate(values.byteLength);
    try {
      addon.write(address, values);
      addon.mpi.sum(address, values.length);
      addon.read(address, values);
    } finally {
      addon.free(address);
    }
  }

  broadcast(bytes: Uint8Array): void {
    this.addon.mpi.broadcast(bytes);
  }

  async together<T>(work: () => Promise<T>): Promise<T> {
    const before = this.addon.threads();
    this.addon.setThreads(this.threads);
    try {
      return await work();
    } finally {
      this.addon.setThreads(before);
    }
  }

  /**
   * Waits, without using a processor, until all ranks are done, and closes MPI. With `patience`, milliseconds, it gives
   * up when another has not come by then; mpirun ends the others when this process ends.
   */
  async leave(patience = Number.POSITIVE_INFINITY): Promise<void> {
    const { mpi } = this.addon;
    const until = Date.now() + patience;
    while (!mpi.left()) {
      if (Date.now() > until) return;
      await sleep(LOOK);
    }
    mpi.close();
  }
}
