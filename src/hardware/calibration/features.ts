import { accumulates, type Workload } from '../workload.ts';

/**
 * What the time of a layer may depend on, as numbers that only its sizes decide. A fitted latency is a sum of these
 * with coefficients in nanoseconds that are never negative: a fixed cost of a call, arithmetic, and words moved.
 *
 *   call      1
 *   macs      accumulates (vector work: multiplications and additions)
 *   tiles     accumulates with output channels rounded up to whole vectors of 16
 *   blocks    the same, rounded up to 64: register blocks of a matrix kernel
 *   input, weight, output   words of the three tensors; operands are fetched inputs
 *   window    words of the unfolded input: every output position with its whole window
 *   rows      output positions: one visit of the loop over them
 */
export const FEATURE_NAMES = [
  'call',
  'macs',
  'tiles',
  'blocks',
  'input',
  'weight',
  'output',
  'window',
  'rows',
] as const;

export type FeatureName = (typeof FEATURE_NAMES)[number];

/** The number a workload has under every name. */
export function latencyFeatures(load: Workload): Readonly<Record<FeatureName, number>> {
  const { n, h, w, c, r, s, m, e, f, groups, vector } = load;
  const positions = n * e * f;
  const output = positions * m;
  const window = positions * r * s * c;
  const perGroup = (to: number) => (Math.ceil(m / groups / to) * to * groups) / (m || 1);
  const macs =
    load.kind === 'vector'
      ? output * ((vector?.multiplications ?? 0) + (vector?.additions ?? 0))
      : accumulates(load);
  return {
    call: 1,
    macs,
    // A depthwise layer runs its channels, not its one output a group, through the vectors.
    tiles: groups > 1 ? macs : macs * perGroup(16),
    blocks: groups > 1 ? macs : macs * perGroup(64),
    input: n * h * w * c + output * (vector?.operands ?? 0),
    weight: load.kind === 'vector' ? 0 : (r * s * c * m) / groups,
    output,
    window,
    rows: positions,
  };
}

/** Operators that are timed apart: a depthwise layer runs through other code than a dense one. */
export function latencyFamily({ kind, groups }: Pick<Workload, 'kind' | 'groups'>): string {
  if (groups === 1 || kind === 'vector') return kind;
  return kind === 'conv' ? 'depthwise' : `depthwise-${kind}`;
}
