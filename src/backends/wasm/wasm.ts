/**
 * The Wasm backend: the kernels of `native/` as WebAssembly, for machines without a compiler and for browsers.
 * Every backend has a memory and workers of its own; they share the compiled module. A page has one thread unless
 * it is cross-origin isolated.
 */
import { internal, ShiftAddError } from '../../core/errors.ts';
import type { Machine } from '../abi.ts';
import type { Backend, BackendLink } from '../backend.ts';
import { createMachineBackend } from '../machine.ts';
import { loadModule, type ModuleBytes } from './module.ts';
import { type WasmMemory, type WasmModule, webAssembly } from './webassembly.ts';
import { canShare, hardwareThreads, startWorker } from './worker.ts';

export interface WasmOptions {
  /** Threads that share a launch, 1 to 1024; default one for each processor. Results do not depend on it. */
  readonly threads?: number;
  /** Bytes of kernels.wasm; default the package's own, read from its folder or fetched from beside this file. */
  readonly module?: ModuleBytes;
  /** The most memory in bytes, 4 MiB to 4 GiB - 64 KiB, which is the default. */
  readonly memory?: number;
}

/** What native/wasm.cpp exports. Addresses above 2 GiB come out negative. */
interface Kernels {
  allocate(bytes: number): number;
  release(address: number): void;
  argumentBlock(): number;
  kernelCount(): number;
  kernelName(index: number): number;
  run(index: number, from: number): number;
  join(): void;
  leave(): void;
  setMayWait(may: number): void;
  workerBytes(): number;
  stop(): void;
  readonly __stack_pointer: { value: number };
  __wasm_init_tls(block: number): void;
}

/** For a thread that launches kernels over this memory: the same code, and a block for its stack. */
interface WasmLink extends BackendLink {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly block: number;
  readonly bytes: number;
}

/** Doubles that hold the arguments of a launch. */
const ARGUMENTS = 64;
const OUT_OF_MEMORY = 1;
const TRAPPED = 2;

const PAGE = 65536;
const INITIAL_PAGES = 32;
const MOST_PAGES = 65535;

/**
 * Opens a Wasm backend. Throws 'missing' when the module is not there or the host cannot run it, 'usage' for an
 * impossible number of threads or size of memory.
 */
export async function createWasm(options: WasmOptions = {}): Promise<Backend> {
  const threads = threadsOf(options);
  const most = pagesOf(options);
  const module = await loadModule(options.module);
  const memory = reserve(most);
  const { exports } = await webAssembly!.instantiate(module, { env: { memory } });
  return createMachineBackend(new WasmMachine(module, memory, exports as Kernels, threads));
}

/** Joins the backend that gave the link: its memory is seen by both, launches take this one thread. */
export async function joinWasm(link: BackendLink): Promise<Backend> {
  const { module, memory, block, bytes } = link as WasmLink;
  const { exports } = await webAssembly!.instantiate(module, { env: { memory } });
  const kernels = exports as Kernels;
  kernels.__stack_pointer.value = block + bytes;
  kernels.__wasm_init_tls(block);
  kernels.join();
  return createMachineBackend(new WasmMachine(module, memory, kernels, 1, true));
}

function threadsOf(options: WasmOptions): number {
  const threads = options.threads ?? (canShare() ? hardwareThreads() : 1);
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new ShiftAddError('usage', `threads must be a whole number from 1 to 1024, but is ${threads}`, {
      threads,
    });
  }
  if (threads > 1 && !canShare()) {
    throw new ShiftAddError(
      'missing',
      `a page has more than one thread only when it is cross-origin isolated, but ${threads} threads were asked for; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or ask for one`,
      { threads },
    );
  }
  return threads;
}

function pagesOf(options: WasmOptions): number {
  const memory = options.memory ?? MOST_PAGES * PAGE;
  if (!(memory >= 64 * PAGE && memory <= MOST_PAGES * PAGE)) {
    throw new ShiftAddError(
      'usage',
      `memory must be between ${64 * PAGE} and ${MOST_PAGES * PAGE} bytes, but is ${memory}`,
      { memory },
    );
  }
  return Math.floor(memory / PAGE);
}

/** Memory that may grow to `most` pages, or to half as much where the host has no room for that, and so on. */
function reserve(most: number): WasmMemory {
  for (let maximum = most; ; maximum = Math.floor(maximum / 2)) {
    try {
      return new webAssembly!.Memory({ initial: INITIAL_PAGES, maximum, shared: true });
    } catch (cause) {
      if (maximum >= 4 * INITIAL_PAGES) continue;
      throw new ShiftAddError(
        'missing',
        `the host gives no shared memory to WebAssembly (${(cause as Error).message}); close other programs, or choose another backend`,
        { bytes: maximum * PAGE },
        cause,
      );
    }
  }
}

class WasmMachine implements Machine {
  readonly name = 'wasm';
  readonly threads: number;
  readonly kernels: readonly string[];
  readonly arguments: Float64Array;
  private readonly module: WasmModule;
  private readonly memory: WasmMemory;
  private readonly wasm: Kernels;
  private floats: Float32Array;
  private ints: Int32Array;
  /** How to end each worker; they start with the first launch, so that opening costs little. */
  private workers: (() => void)[] | null = null;
  private broken = false;
  /** Whether the memory and its workers are another thread's. */
  private readonly guest: boolean;

  constructor(module: WasmModule, memory: WasmMemory, wasm: Kernels, threads: number, guest = false) {
    this.module = module;
    this.memory = memory;
    this.wasm = wasm;
    this.threads = threads;
    this.guest = guest;
    this.floats = new Float32Array(memory.buffer);
    this.ints = new Int32Array(memory.buffer);
    // What a view showed it goes on showing when the memory grows: the block never moves.
    const own = guest ? this.allocate(8 * ARGUMENTS) : wasm.argumentBlock();
    if (own === 0) internal('a thread has no memory left for its arguments', { backend: 'wasm' });
    this.reach(own + 8 * ARGUMENTS);
    this.arguments = new Float64Array(this.memory.buffer, own, ARGUMENTS);
    this.kernels = Array.from({ length: wasm.kernelCount() }, (_, i) => this.text(wasm.kernelName(i)));
    if (!guest) wasm.setMayWait(mayWait(this.ints) ? 1 : 0);
  }

  get description(): string {
    return `wasm: 128-bit SIMD, ${this.threads} ${this.threads === 1 ? 'thread' : 'threads'}`;
  }

  private text(address: number): string {
    const bytes = new Uint8Array(this.memory.buffer);
    let text = '';
    for (let at = address; bytes[at] !== 0; at++) text += String.fromCharCode(bytes[at]);
    return text;
  }

  /** Makes views reach `end`, an address in bytes, after the memory grew. */
  private reach(end: number): void {
    if (end <= this.floats.byteLength) return;
    // A worker may have made the memory grow; growing by nothing brings this thread's view of it up to date.
    if (this.memory.buffer.byteLength < end) this.memory.grow(0);
    this.floats = new Float32Array(this.memory.buffer);
    this.ints = new Int32Array(this.memory.buffer);
  }

  allocate(bytes: number): number {
    return bytes > MOST_PAGES * PAGE ? 0 : this.wasm.allocate(bytes) >>> 0;
  }

  free(address: number): void {
    this.wasm.release(address);
  }

  write(address: number, data: Float32Array | Int32Array): void {
    this.reach(address + data.byteLength);
    if (data instanceof Float32Array) this.floats.set(data, address / 4);
    else this.ints.set(data, address / 4);
  }

  read(address: number, data: Float32Array | Int32Array): void {
    this.reach(address + data.byteLength);
    const memory = data instanceof Float32Array ? this.floats : this.ints;
    data.set(memory.subarray(address / 4, address / 4 + data.length));
  }

  run(kernel: number): void {
    if (this.workers === null) this.startWorkers();
    if (this.broken) internal('the wasm backend is used after a kernel of it failed', { kernel });
    let outcome: number;
    try {
      outcome = this.wasm.run(kernel, this.arguments.byteOffset);
    } catch (cause) {
      this.broken = true;
      throw new ShiftAddError(
        'internal',
        `internal: wasm kernel ${this.kernels[kernel]} failed: ${(cause as Error).message}`,
        { kernel: this.kernels[kernel] },
        cause,
      );
    }
    if (outcome === TRAPPED) {
      this.broken = true;
      internal(`wasm kernel ${this.kernels[kernel]} failed in a worker`, { kernel: this.kernels[kernel] });
    }
    if (outcome === OUT_OF_MEMORY) {
      throw new ShiftAddError(
        'run',
        `backend wasm could not run ${this.kernels[kernel]}: it has no memory left for scratch space, of at most ${MOST_PAGES * PAGE} bytes; use a smaller batch or network`,
        { kernel: this.kernels[kernel] },
      );
    }
  }

  link(): WasmLink {
    const bytes = this.wasm.workerBytes();
    const block = this.allocate(bytes);
    if (block === 0)
      internal('there is no memory left for the stack of a thread', { backend: 'wasm', bytes });
    return { backend: this.name, module: this.module, memory: this.memory, block, bytes };
  }

  private startWorkers(): void {
    this.workers = [];
    const bytes = this.wasm.workerBytes();
    for (let i = 1; i < this.threads; i++) {
      const block = this.allocate(bytes);
      if (block === 0) return;
      this.workers.push(startWorker({ module: this.module, memory: this.memory, block, bytes }));
    }
  }

  dispose(): void {
    if (this.guest) {
      this.free(this.arguments.byteOffset);
      this.wasm.leave();
      return;
    }
    this.wasm.stop();
    for (const end of this.workers ?? []) end();
    this.workers = [];
  }
}

/** Whether this thread may sleep; a page's own may not. */
function mayWait(ints: Int32Array): boolean {
  try {
    // Compares before it sleeps, and word 0 is not 1: it belongs to the end of the stack and is never written.
    Atomics.wait(ints, 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
