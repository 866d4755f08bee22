/**
 * A backend in another thread of the process, over the memory of one that is open. What the first shares, the second
 * views in place: weights and images lie in memory once, however many threads read them.
 *
 *   main thread   worker.postMessage({ link: backend.link(), weights: backend.share(weights) })
 *   worker        const backend = await joinBackend(link);
 *                 backend.convForward(x, backend.view(weights), y, shape);
 *
 * Whoever joined computes in its own thread alone, has scopes of its own, and gives the same bits as the first.
 */
import { internal } from '../core/errors.ts';
import type { Backend, BackendLink } from './backend.ts';
import { joinNative } from './native/native.ts';
import { createReference } from './reference/reference.ts';
import { joinWasm } from './wasm/wasm.ts';

/** Opens a backend beside the one that gave `link`, which must stay open. For a thread of the same process. */
export async function joinBackend(link: BackendLink): Promise<Backend> {
  switch (link.backend) {
    case 'native':
      return joinNative();
    case 'wasm':
      return joinWasm(link);
    case 'reference':
      return createReference();
    default:
      return internal(`no thread can join backend ${link.backend}`);
  }
}
