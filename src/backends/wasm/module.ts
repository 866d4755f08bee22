/** The compiled module of the kernels. It is compiled once for all backends of the process. */
import { ShiftAddError } from '../../core/errors.ts';
import { type WasmModule, webAssembly } from './webassembly.ts';

/** Bytes of kernels.wasm. */
export type ModuleBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** `scripts/build-wasm.mjs` puts it there; sources and compiled files lie equally deep in the package. */
export const MODULE_URL = new URL('../../../native/prebuilt/kernels.wasm', import.meta.url);

let kept: Promise<WasmModule> | undefined;

/** The module of the given bytes, or the package's own. Throws 'missing' when it cannot be read or compiled. */
export function loadModule(bytes?: ModuleBytes): Promise<WasmModule> {
  if (bytes !== undefined) return compile(bytes);
  kept ??= readOwn()
    .then(compile)
    .catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
  return kept;
}

async function readOwn(): Promise<ModuleBytes> {
  try {
    if (MODULE_URL.protocol !== 'file:') {
      const response = await fetch(MODULE_URL);
      if (!response.ok) throw new Error(`the server answers ${response.status}`);
      return await response.arrayBuffer();
    }
    const { readFile } = await import('node:fs/promises');
    return await readFile(MODULE_URL);
  } catch (cause) {
    throw new ShiftAddError(
      'missing',
      `The WebAssembly kernels ${MODULE_URL.href} cannot be read (${(cause as Error).message}); install the package again, or run "npm run build:wasm" (it needs clang++ and lld).`,
      { path: MODULE_URL.href },
      cause,
    );
  }
}

async function compile(bytes: ModuleBytes): Promise<WasmModule> {
  if (webAssembly === undefined) {
    throw new ShiftAddError('missing', 'There is no WebAssembly here; choose another backend.');
  }
  try {
    return await webAssembly.compile(bytes);
  } catch (cause) {
    throw new ShiftAddError(
      'missing',
      `The WebAssembly kernels do not compile here (${(cause as Error).message}); they need SIMD and threads: use a newer browser or Node, or choose another backend.`,
      {},
      cause,
    );
  }
}
