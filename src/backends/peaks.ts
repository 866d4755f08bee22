/**
 * What the machine behind a backend can do at most: multiply-adds, the adder's instruction sequences, memory. No part
 * of the Backend contract: a machine offers it beside the contract (native/peaks.h), and so does a GPU
 * (webgpu/peaks.ts); the reference has none.
 */
import type { Machine } from './abi.ts';
import type { Backend } from './backend.ts';

/** How a rate is counted: floating-point operations, elements (one |x - w| or one clamp), bytes. */
export type RateUnit = 'GFLOP/s' | 'G el/s' | 'GB/s';

interface Peak {
  readonly title: string;
  readonly unit: RateUnit;
  /** Numbers of native/peaks.h's kinds: the same work by different instructions, of which the best counts. */
  readonly kinds: readonly number[];
  /** Operations of an element, or bytes of a float's place in the arrays. */
  readonly each: number;
}

export const PEAKS = {
  multiplyAdd: { title: 'multiply-add', unit: 'GFLOP/s', kinds: [0], each: 2 },
  subtractAbsAdd: { title: 'sub+abs+add', unit: 'G el/s', kinds: [1, 2, 3], each: 1 },
  maximumAdd: { title: 'max+add', unit: 'G el/s', kinds: [4, 5, 6], each: 1 },
  clampMultiplyAdd: { title: 'clamp+multiply-add', unit: 'G el/s', kinds: [7], each: 1 },
  read: { title: 'memory, read', unit: 'GB/s', kinds: [8], each: 4 },
  triad: { title: 'memory, x + s * y', unit: 'GB/s', kinds: [9], each: 12 },
} as const satisfies Record<string, Peak>;

export type PeakName = keyof typeof PEAKS;
export const PEAK_NAMES = Object.keys(PEAKS) as PeakName[];

/** The first kind of memory; those before it work in registers. */
const FIRST_OF_MEMORY = 8;
const TASKS_A_THREAD = 8;
/** Length of a reading, ms: long against the start of a launch, short against a neighbour's time slice. */
const READING_MS = 3;

export interface PeakMeter {
  /**
   * One reading of a few milliseconds: operations, elements or bytes a second. Undefined where memory is too small. Of a
   * device that has to be waited for it is promised.
   */
  read(name: PeakName): number | undefined | Promise<number>;
  /** Gives the memory back that the memory peaks took. */
  dispose(): void;
}

const meters = new WeakMap<Backend, () => PeakMeter>();

/** Called by whoever makes a backend: its peaks can then be measured. */
export function offerPeaks(backend: Backend, open: () => PeakMeter): void {
  meters.set(backend, open);
}

/** The same for a backend of a machine, if that has kernels for it. */
export function offerMachinePeaks(backend: Backend, machine: Machine): void {
  if (machine.kernels.includes('peak')) offerPeaks(backend, () => new MachinePeaks(machine));
}

/** A meter of what is behind a backend; undefined when it offers none (the reference). */
export function openPeaks(backend: Backend): PeakMeter | undefined {
  return meters.get(backend)?.();
}

class MachinePeaks implements PeakMeter {
  private readonly machine: Machine;
  private readonly kernel: number;
  private readonly tasks: number;
  private readonly out: number;
  private memory: { readonly arrays: readonly number[]; readonly floats: number } | undefined;
  /** Per kind, the repeats that take READING_MS, and of several kinds the best one. */
  private readonly repeats = new Map<number, number>();
  private readonly chosen = new Map<PeakName, number>();

  constructor(machine: Machine) {
    this.machine = machine;
    this.kernel = machine.kernels.indexOf('peak');
    this.tasks = TASKS_A_THREAD * machine.threads;
    this.out = machine.allocate(4 * (this.tasks + 1));
  }

  read(name: PeakName): number | undefined {
    if (this.out === 0) return undefined;
    const { kinds, each } = PEAKS[name];
    if (kinds[0] >= FIRST_OF_MEMORY && !this.haveMemory()) return undefined;
    const kind = this.chosen.get(name) ?? this.choose(name, kinds);
    return each * this.elementsPerSecond(kind);
  }

  /** The fastest of several ways, by three readings of each. */
  private choose(name: PeakName, kinds: readonly number[]): number {
    let [best, rate] = [kinds[0], 0];
    for (const kind of kinds.length === 1 ? [] : [...kinds, ...kinds, ...kinds]) {
      const found = this.elementsPerSecond(kind);
      if (found > rate) [best, rate] = [kind, found];
    }
    this.chosen.set(name, best);
    return best;
  }

  private elementsPerSecond(kind: number): number {
    let repeats = this.repeats.get(kind);
    if (repeats === undefined) {
      repeats = 1;
      while (this.quickest(kind, repeats) < READING_MS) repeats *= 2;
      this.repeats.set(kind, repeats);
    }
    const { elements, ms } = this.launch(kind, repeats);
    return (elements / ms) * 1e3;
  }

  /** Milliseconds of the quickest of three: one alone may have been put aside by the system, and look long enough. */
  private quickest(kind: number, repeats: number): number {
    return Math.min(...[0, 1, 2].map(() => this.launch(kind, repeats).ms));
  }

  private launch(kind: number, repeats: number): { elements: number; ms: number } {
    const { machine, tasks } = this;
    const [x, y, z] = this.memory?.arrays ?? [0, 0, 0];
    const length = this.memory?.floats ?? 0;
    const values = [kind, tasks, repeats, 1, this.out, x, y, z, length];
    const p = machine.arguments;
    for (const [i, value] of values.entries()) p[i] = value;
    const from = performance.now();
    machine.run(this.kernel);
    const ms = Math.max(performance.now() - from, 1e-3);
    if (kind >= FIRST_OF_MEMORY) return { elements: repeats * length, ms };
    const perIteration = new Float32Array(1);
    machine.read(this.out, perIteration);
    return { elements: repeats * tasks * perIteration[0], ms };
  }

  /** Three arrays beyond the last-level cache, written once: memory that was never written is not there yet. */
  private haveMemory(): boolean {
    if (this.memory !== undefined) return true;
    const step = 8 * 16 * this.tasks;
    const floats = Math.ceil(memoryBytes() / 4 / step) * step;
    const arrays = [0, 1, 2].map(() => this.machine.allocate(4 * floats));
    if (arrays.includes(0)) {
      for (const address of arrays) if (address !== 0) this.machine.free(address);
      return false;
    }
    const zeros = new Float32Array(1 << 16);
    for (const address of arrays) {
      for (let i = 0; i < floats; i += zeros.length) {
        this.machine.write(address + 4 * i, zeros.subarray(0, Math.min(zeros.length, floats - i)));
      }
    }
    this.memory = { arrays, floats };
    return true;
  }

  dispose(): void {
    for (const address of [this.out, ...(this.memory?.arrays ?? [])]) {
      if (address !== 0) this.machine.free(address);
    }
    this.memory = undefined;
  }
}

const MIB = 2 ** 20;

/** Bytes of an array: four times the last-level cache where the system tells its size. */
function memoryBytes(): number {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs'); // a browser has none
  for (const index of fs === undefined ? [] : [3, 2]) {
    try {
      const text = fs!.readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${index}/size`, 'utf8');
      const bytes = Number.parseInt(text, 10) * (text.includes('M') ? MIB : 1024);
      if (bytes > 0) return Math.min(Math.max(4 * bytes, 64 * MIB), 256 * MIB);
    } catch {
      // another system: the default below
    }
  }
  return 128 * MIB;
}
