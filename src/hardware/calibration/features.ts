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
 *   channels  output channels: what is prepared once for each, such as the scale of a normalisation
 *   tail      accumulates, or elements of vector work, in the channels behind the last whole vector of 8
 *   ragged    visits of a vector that is not whole: inputs of the window, or rows of vector work
 *   narrow    accumulates of layers with fewer than 8 channels, which no vector holds
 *   spill32, spill256, spill1024   words of all tensors, where together they take more than so many KiB: a cache
 *             that does not hold a layer slows down all of it
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
  'channels',
  'tail',
  'ragged',
  'narrow',
  'spill32',
  'spill256',
  'spill1024',
] as const;

/** Bytes of a word, for the spills: timings are of 32-bit values. */
const WORD = 4;

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
  const rest = lanes % 8;
  const input = n * h * w * c + output * (vector?.operands ?? 0);
  const weight = load.kind === 'vector' ? 0 : (r * s * c * m) / groups;
  const words = input + weight + output;
  const beyond = (kib: number) => (words * WORD > kib * 1024 ? words : 0);
  return {
    call: 1,
    macs,
    multiplications: output * (vector?.multiplications ?? 0),
    additions: output * (vector?.additions ?? 0),
    eights: macs * perGroup(8),
    sixteens: macs * perGroup(16),
    blocks: macs * perGroup(64),
    input,
    weight,
    output,
    window,
    rows: positions,
    channels: m,
    tail: ((load.kind === 'vector' ? output : macs) * rest) / lanes,
    ragged: rest === 0 ? 0 : load.kind === 'vector' ? positions : window,
    narrow: lanes < 8 ? macs : 0,
    spill32: beyond(32),
    spill256: beyond(256),
    spill1024: beyond(1024),
  };
}

/**
 * Operators that are timed apart, because other code runs them: the kinds; grouped windows (depthwise,
 * depthwise-add, depthwise-shift), and those over time alone (filter, filter-add); and vector work by what it is made of
 * (pool, residual, norm, activation, and exponential for softmax and its like).
 */
export function latencyFamily({ kind, groups, h, w, e, r, s, vector }: Workload): string {
  if (kind === 'vector') {
    if (e < h) return 'pool';
    if ((vector?.operands ?? 0) > 0) return 'residual';
    const multiplications = vector?.multiplications ?? 0;
    return multiplications === 0 ? 'activation' : multiplications < 3 ? 'norm' : 'exponential';
  }
  if (groups === 1) return kind;
  if (w === 1 && s === 1 && r > 1) return kind === 'conv' ? 'filter' : `filter-${kind}`;
  return kind === 'conv' ? 'depthwise' : `depthwise-${kind}`;
}
