/** Threads for the module: Node's worker threads or a page's web workers. */
import type { WasmMemory, WasmModule } from './webassembly.ts';

/** What a worker is given: the same code over the same memory, and a block of it for its stack. */
export interface WorkerStart {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  /** Address of the block and its length in bytes. */
  readonly block: number;
  readonly bytes: number;
}

/** Plain text, not a file: Node runs no TypeScript in a worker, and a bundler moves files. */
const PROGRAM = `
  const start = ({ module, memory, block, bytes }) => {
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
    kernels.__stack_pointer.value = block + bytes;
    kernels.__wasm_init_tls(block);
    try {
      kernels.work();
    } catch (error) {
      kernels.taskTrapped();
      throw error;
    }
  };
  if (typeof require === 'function') start(require('node:worker_threads').workerData);
  else onmessage = ({ data }) => { start(data); close(); };
`;

interface WebWorker {
  postMessage(message: unknown): void;
  terminate(): void;
}
interface Page {
  readonly Worker: new (url: string) => WebWorker;
  /** False where the page was not served with the headers that shared memory needs. */
  readonly crossOriginIsolated?: boolean;
}

const node = typeof process === 'object' && process.versions?.node !== undefined;

/** Whether workers can share memory with this thread. */
export function canShare(): boolean {
  return node || (globalThis as unknown as Page).crossOriginIsolated !== false;
}

/** Threads that the hardware runs at once. */
export function hardwareThreads(): number {
  if (node) return process.getBuiltinModule('node:os').availableParallelism();
  return (
    (globalThis as unknown as { navigator?: { hardwareConcurrency?: number } }).navigator
      ?.hardwareConcurrency ?? 1
  );
}

/**
 * Starts a worker that joins the pool once it has come up; returns how to end it. It does not keep the process
 * alive. One that cannot start is no error: the pool does without it.
 */
export function startWorker(data: WorkerStart): () => void {
  if (node) {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const worker = new Worker(PROGRAM, { eval: true, workerData: data, execArgv: [] });
    worker.on('error', () => {});
    worker.unref();
    return () => void worker.terminate();
  }
  const url = URL.createObjectURL(new Blob([PROGRAM], { type: 'text/javascript' }));
  const worker = new (globalThis as unknown as Page).Worker(url);
  worker.postMessage(data);
  return () => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
}
