import { accumulates, type Workload } from '../workload.ts';

/**
 * What the time of a layer may depend on, as numbers that only its sizes decide. A fitted latency is a sum of these
 * with coefficients in nanoseconds that are never negative: a fixed cost of a call, arithmetic, and words moved.
 *
 *   call      1
 *   macs      accumulates; none of vector work, which has
 *   multiplications, additions   instead
 *   eights, sixteens, blocks     accumulates with output channels rounded up to 8, 16 or 64: whole vectors of the
 *             instruction set, and register blocks of a matrix kernel
 *   input, weight, output   words of the three tensors; operands are fetched inputs
 *   window    words of the unfolded input: every output position with its whole window
 *   rows      output positions: one visit of the loop over them
 */
export const FEATURE_NAMES = [
  'call',
  'macs',
  'multiplications',
  'additions',
  'eights',
  'sixteens',
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
  // A depthwise layer runs its channels, not its one output a group, through the vectors.
  const lanes = groups > 1 ? m : m / groups;
  const perGroup = (to: number) => (Math.ceil(lanes / to) * to) / lanes;
  const macs = accumulates(load);
  return {
    call: 1,
    macs,
    multiplications: output * (vector?.multiplications ?? 0),
    additions: output * (vector?.additions ?? 0),
    eights: macs * perGroup(8),
    sixteens: macs * perGroup(16),
    blocks: macs * perGroup(64),
    input: n * h * w * c + output * (vector?.operands ?? 0),
    weight: load.kind === 'vector' ? 0 : (r * s * c * m) / groups,
    output,
    window,
    rows: positions,
  };
}

/**
 * Operators that are timed apart, because other code runs them: the kinds; grouped windows (depthwise,
 * depthwise-add, depthwise-shift); and vector work by what it is made of (pool, residual, norm, activation, and
 * exponential for softmax and its like).
 */
export function latencyFamily({ kind, groups, h, e, vector }: Workload): string {
  if (kind === 'vector') {
    if (e < h) return 'pool';
    if ((vector?.operands ?? 0) > 0) return 'residual';
    const multiplications = vector?.multiplications ?? 0;
    return multiplications === 0 ? 'activation' : multiplications < 3 ? 'norm' : 'exponential';
  }
  if (groups === 1) return kind;
  return kind === 'conv' ? 'depthwise' : `depthwise-${kind}`;
}
