/** Which backends there are on this machine, and opening one of them by name. */
import { nearest, ShiftAddError } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import { createNative } from './native/native.ts';
import { createReference } from './reference/reference.ts';
import { createWasm } from './wasm/wasm.ts';
import { createWebGpu, type Precision } from './webgpu/webgpu.ts';

export { PRECISIONS, type Precision } from './webgpu/webgpu.ts';

/** From the fastest to the slowest. */
export const BACKEND_NAMES = ['webgpu', 'native', 'wasm', 'reference'] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

export interface BackendOptions {
  /**
   * Threads that share a kernel; default one for each processor. The reference has one whatever is asked; with 'auto' a
   * number of threads asks for the processor.
   */
  readonly threads?: number;
  /** The GPU: high-performance, low-power, part of its name, or its number. With 'auto' it asks for webgpu. */
  readonly device?: string;
  /** What a GPU keeps operands of products in (webgpu.ts). 'half' with 'auto' asks for webgpu. */
  readonly precision?: Precision;
  /** Threads or processes will compute beside it, over its memory: 'auto' takes no GPU then. */
  readonly shared?: boolean;
}

export interface BackendPresence {
  readonly name: BackendName;
  readonly present: boolean;
  /** What it is (instruction set, threads), or why it is not there. */
  readonly reason: string;
}

const OPENERS: Readonly<Record<BackendName, (options: BackendOptions) => Backend | Promise<Backend>>> = {
  webgpu: createWebGpu,
  native: createNative,
  wasm: createWasm,
  reference: createReference,
};

/**
 * Opens a backend; 'auto' takes the fastest one that is there, a GPU before the processor. Throws 'missing' when the one
 * named is not, and 'usage' for an unknown name, an impossible number of threads, or a GPU of a backend that has none.
 */
export async function openBackend(
  name: 'auto' | BackendName,
  options: BackendOptions = {},
): Promise<Backend> {
  const { device, threads, shared = threads !== undefined } = options;
  const half = options.precision === 'half';
  if (name === 'auto' && device === undefined && !half) {
    for (const candidate of BACKEND_NAMES.slice(shared ? 1 : 0, -1)) {
      try {
        return await OPENERS[candidate](options);
      } catch (error) {
        if (!(error instanceof ShiftAddError && error.code === 'missing')) throw error;
      }
    }
    return OPENERS[BACKEND_NAMES[BACKEND_NAMES.length - 1]](options);
  }
  if (name !== 'auto' && !Object.hasOwn(OPENERS, name)) {
    const near = nearest(name, ['auto', ...BACKEND_NAMES]);
    throw new ShiftAddError(
      'usage',
      `a backend is one of auto, ${BACKEND_NAMES.join(', ')}, but got "${name}"` +
        `${near === undefined ? '' : `; did you mean "${near}"?`}`,
      { name },
    );
  }
  if (half && name !== 'webgpu' && name !== 'auto') {
    throw new ShiftAddError(
      'usage',
      `only the webgpu backend computes in half precision, but it was asked of ${name}; leave one of the two out`,
      { name },
    );
  }
  if (device !== undefined && name !== 'webgpu' && name !== 'auto') {
    throw new ShiftAddError(
      'usage',
      `only the webgpu backend computes on a GPU, but ${device} was asked of ${name}; leave one of the two out`,
      { name, device },
    );
  }
  return OPENERS[name === 'auto' ? 'webgpu' : name](options);
}

/** Every backend, with what it is here or the reason for its absence. */
export async function availableBackends(options: BackendOptions = {}): Promise<readonly BackendPresence[]> {
  return Promise.all(
    BACKEND_NAMES.map(async (name) => {
      try {
        const backend = await OPENERS[name](options);
        const reason = backend.description;
        backend.dispose();
        return { name, present: true, reason };
      } catch (error) {
        if (!(error instanceof ShiftAddError && error.code === 'missing')) throw error;
        return { name, present: false, reason: error.message };
      }
    }),
  );
}
