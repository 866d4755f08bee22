/**
 * Instances of the Wasm module whose passes are those of native/pictures.cpp. Each has a memory of its own, so that threads
 * have nothing to share; nothing is allocated in it, whoever calls lays it out.
 */

/** The part of the host's WebAssembly that is used here. */
interface Host {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (type: { readonly initial: number }) => Memory;
}

interface Memory {
  /** Another one after `grow`. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface Instance<Passes> {
  /** Of `Passes` the offsets are bytes of `memory`. */
  readonly passes: Passes;
  readonly memory: Memory;
  /** The first byte that is free. */
  readonly base: number;
}

/** `scripts/build-wasm.mjs` puts it there; sources and compiled files lie equally deep in the package. */
const MODULE = new URL('../../../native/prebuilt/pictures.wasm', import.meta.url);
export const PAGE = 65536;
/** Pixels are read and written sixteen bytes at a time: so much memory lies behind the last. */
export const BEHIND = 16;

let compiled: object | null | undefined;

/** The module, compiled once a thread; null in a browser, where files are not read, and where it cannot be had. */
function compiledModule(host: Host | undefined): object | null {
  if (compiled !== undefined) return compiled;
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  try {
    compiled = fs === undefined || host === undefined ? null : new host.Module(fs.readFileSync(MODULE));
  } catch {
    compiled = null; // an older machine without SIMD, or a package without the file: the plain passes do
  }
  return compiled;
}

/** With `bytes` of memory from `base` on; undefined where the module is not there. */
export function instantiate<Passes>(bytes: number): Instance<Passes> | undefined {
  const host = (globalThis as { readonly WebAssembly?: Host }).WebAssembly;
  const module = compiledModule(host);
  if (module === null || host === undefined) return undefined;
  const memory = new host.Memory({ initial: Math.ceil(bytes / PAGE) + 1 });
  const exports = new host.Instance(module, { env: { memory } }).exports as Passes & {
    readonly __heap_base: { readonly value: number };
  };
  return { passes: exports, memory, base: exports.__heap_base.value };
}

/** Hands out offsets, one behind the other, each where sixteen bytes begin. */
export function memoryFrom(base: number): (bytes: number) => number {
  let at = base;
  return (bytes) => {
    const from = Math.ceil(at / BEHIND) * BEHIND;
    at = from + bytes;
    return from;
  };
}
