import type { Switches } from './accelerator.ts';
import type { Nest } from './tiling.ts';
import type { Workload } from './workload.ts';

/**
 * The loop nest a cost model sees. Honest, it is the layer's own. As released, a grouped convolution is taken for a
 * dense one (spec 8.5), and a lightweight 1-d filter of window k over t tokens and d channels in a number of heads
 * for a dense convolution from heads to heads over a t x (d / heads) map with a square window of floor(sqrt(k)):
 * read back from the released per-layer records of the 200 ms network [R].
 */
export function nestOf(load: Workload, switches: Switches): Nest {
  const { n, h, w, c, r, s, m, e, f, stride, groups } = load;
  if (load.role === 'lightweight-filter' && switches.lightweightFilter !== 'depthwise') {
    const heads = load.heads ?? 1;
    const window = Math.floor(Math.sqrt(r));
    const width = c / heads;
    return { n, h: e, w: width, c: heads, r: window, s: window, m: heads, e, f: width, stride: 1, groups: 1 };
  }
  if (groups > 1 && switches.depthwisePricing === 'depthwise') {
    return { n, h, w, c: c / groups, r, s, m: m / groups, e, f, stride, groups };
  }
  return { n, h, w, c, r, s, m, e, f, stride, groups: 1 };
}

/** Accumulates of a nest. */
export function nestSteps({ n, e, f, m, r, s, c, groups }: Nest): number {
  return n * e * f * m * r * s * c * groups;
}
