/**
 * Where the learned scales of a network's adders end. Left free a scale runs away, and the adder becomes a
 * binary-weight convolution (weight-sharing evidence, section 3b): so every run says it.
 */
import type { Network } from './network.ts';

/** Smallest and largest scale exp(l) of all adder weights; undefined when none is learned. */
export async function adderScales(network: Network): Promise<{ low: number; high: number } | undefined> {
  const { backend } = network.store;
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const { name, value } of network.store.parameters()) {
    if (!name.endsWith('.scale')) continue;
    const scale = Math.exp((await backend.read(value))[0]);
    low = Math.min(low, scale);
    high = Math.max(high, scale);
  }
  return high === 0 ? undefined : { low, high };
}
