/**
 * Where the scales of a network's adders end. Left free a scale runs away, and the adder becomes a binary-weight
 * convolution (weight-sharing evidence, section 3b): so every run says it, and keeps it with its result.
 */
import { type SharingConfig, spreadsAdders } from './sharing.ts';
import type { TrainableNetwork } from './trainable.ts';

/** Smallest and largest scale exp(l) of all adder weights, over layers and channels. */
export interface ScaleRange {
  readonly low: number;
  readonly high: number;
}

/** Of a network in memory; undefined when it has no adder, or adders without a scale. */
export async function adderScales(
  network: Pick<TrainableNetwork<unknown>, 'store' | 'config'>,
): Promise<ScaleRange | undefined> {
  const { store, config } = network;
  const held = new Map<string, ArrayLike<number>>();
  for (const { name, value, shape } of store.parameters()) {
    const values = isScale(name) ? (await store.backend.read(value)).subarray(0, shape[0]) : [];
    held.set(name, values);
  }
  return scaleRange(config.sharing, held);
}

/** The same of tensors by name, as they are saved. */
export function scaleRange(
  { transformation, adder }: SharingConfig,
  tensors: Iterable<readonly [name: string, values: ArrayLike<number>]>,
): ScaleRange | undefined {
  const given = spreadsAdders(transformation) && adder.kind === 'fixed';
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const [name, values] of tensors) {
    if (given && name.includes('.add.')) return { low: adder.initial, high: adder.initial };
    if (!isScale(name)) continue;
    for (let i = 0; i < values.length; i++) {
      const scale = Math.exp(values[i]);
      low = Math.min(low, scale);
      high = Math.max(high, scale);
    }
  }
  return high === 0 ? undefined : { low, high };
}

/** Above it |x - w| is |w| - sign(w) x for nearly every weight (evidence 3b; practical advice 3). */
const BINARY_FROM = 8;

/** `3.10 to 6.25 (bounded)`: a range for people, with the operator's right name where adders turned into another. */
export function describeScales({ low, high }: ScaleRange, { adder }: SharingConfig): string {
  const text = `${low.toFixed(2)} to ${high.toFixed(2)} (${adder.kind})`;
  return high > BINARY_FROM ? `${text}; above ${BINARY_FROM} an adder is a binary-weight convolution` : text;
}

const isScale = (name: string) => name.endsWith('.scale');
