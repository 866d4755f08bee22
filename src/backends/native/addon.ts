/**
 * Loads the compiled kernels, `build/native/shiftaddnas.node`. This is the raw addon: addresses are plain numbers,
 * and a kernel is launched by writing its arguments, flattened in the order of the `Backend` contract, to
 * `arguments` and calling `run` with the kernel's index. native/README.md has the conventions.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShiftAddError } from '../../core/errors.ts';

/** Data that is copied between JavaScript and the addon's memory. */
export type Block = Float32Array | Int32Array | Float64Array | Uint8Array;

/** Sums over the processes that `mpirun` started (native/mpi.cpp). All but `left` block until every rank has called. */
export interface AddonMpi {
  /** Loads OpenMPI and joins the others. Throws when it is not there. */
  open(): { readonly rank: number; readonly size: number };
  /** The floats at the address become their sum over all ranks, in the order of the ranks. */
  sum(address: number, length: number): void;
  /** All ranks hold rank 0's bytes afterwards; the same number everywhere, at most 2 GiB. */
  broadcast(bytes: Uint8Array): void;
  /** Says that this rank is done, and whether all are. Never blocks. */
  left(): boolean;
  close(): void;
}

/** Opened programs of whole numbers (native/integer); src/deploy/integer/code.ts writes what `open` reads. */
export interface AddonInteger {
  /** The instruction set of their loops: 'avx512' has the dot products of AVX-512 besides what the kernels need. */
  readonly isa: string;
  /** All that this processor has, the widest first. */
  readonly isas: readonly string[];
  /** Packs the weights for an instruction set. The memory goes with the object. Throws when there is none. */
  open(code: Int32Array, numbers: Uint8Array, isa: string): object;
  /** Bytes [count, h, w, c] to logits [count, classes]. */
  run(program: object, images: Uint8Array, logits: Int16Array): void;
  /** Every value of one image, one behind the other. */
  values(program: object, image: Uint8Array, values: Int16Array): void;
}

export interface Addon {
  readonly mpi: AddonMpi;
  readonly integer: AddonInteger;
  /** The instruction set in use: 'avx512', 'avx2' or 'baseline' (SSE2, NEON). SHIFTADDNAS_ISA forces one. */
  readonly isa: string;
  /** Names of the kernels; a kernel's place is its index for `run`. */
  readonly kernels: readonly string[];
  /** 64 arguments of the next launch. Buffers are addresses (0: none), booleans 0 or 1, strings their index. */
  readonly arguments: Float64Array;
  /** Address of `bytes` new bytes, a multiple of 64; contents undefined. Throws when memory is out. */
  allocate(bytes: number): number;
  free(address: number): void;
  /** Copies all of `data` to the address. */
  write(address: number, data: Block): void;
  /** Fills all of `data` from the address. */
  read(address: number, data: Block): void;
  /** Runs kernel `index` to its end. Throws when there is no memory for its scratch space. */
  run(index: number): void;
  /** Threads that share a launch, the calling one included. Results do not depend on it. One pool a process. */
  setThreads(threads: number): void;
  threads(): number;
  /** Launches of the calling thread leave the pool alone from now on: it is one of several threads that launch. */
  workAlone(): void;
}

/** The folder that holds package.json, looked for from this file upwards: sources and dist lie at different depths. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new ShiftAddError(
        'missing',
        'The package folder of shiftaddnas has no package.json; install it again.',
      );
    }
    folder = parent;
  }
  return folder;
}

/** Where `scripts/build-native.mjs` puts the addon. */
export function addonPath(): string {
  return join(packageRoot(), 'build', 'native', 'shiftaddnas.node');
}

/** What SHIFTADDNAS_ISA may name. */
const INSTRUCTION_SETS = ['baseline', 'avx2', 'avx512'];

/**
 * The addon. Throws a `ShiftAddError` with code 'missing' when it was not built or was built for another machine, and with
 * code 'usage' when SHIFTADDNAS_ISA names no instruction set, or one that is not here: who names one is not to get another.
 */
export function loadAddon(): Addon {
  const path = addonPath();
  const wanted = process.env.SHIFTADDNAS_ISA ?? '';
  if (wanted !== '' && !INSTRUCTION_SETS.includes(wanted)) refuseSet(wanted, 'which is no instruction set');
  if (!existsSync(path)) {
    throw new ShiftAddError(
      'missing',
      `The native kernels are not built: ${path} does not exist. Run "npm run build:native" (it needs g++ or clang++), or choose a slower backend.`,
      { path },
    );
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_UNSUPPORTED') {
      refuseSet(wanted, 'which this processor or this build does not have', cause);
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShiftAddError(
      'missing',
      `The native kernels in ${path} cannot be loaded: ${reason}. Run "npm run build:native -- --force", or choose a slower backend.`,
      { path },
      cause,
    );
  }
}

function refuseSet(wanted: string, why: string, cause?: unknown): never {
  throw new ShiftAddError(
    'usage',
    `SHIFTADDNAS_ISA is "${wanted}", ${why}; set it to ${INSTRUCTION_SETS.slice(0, -1).join(', ')} or ${INSTRUCTION_SETS.at(-1)}, or leave it unset for the widest that is here`,
    { wanted },
    cause,
  );
}
