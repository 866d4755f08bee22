/**
 * One network in several threads: parameters lie in memory once and are only read; the statistics of norms, which
 * every path measures anew, are each thread's own.
 */
import type { Backend, SharedBuffer } from '../backends/backend.ts';
import { internal } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { Network, type NetworkConfig } from './network.ts';

/** A network as plain data, to be posted to a thread. */
export interface SharedNetwork {
  readonly config: NetworkConfig;
  readonly weights: ReadonlyMap<string, SharedBuffer>;
}

/** The network must be neither trained nor disposed of while threads read it. */
export function shareNetwork({ config, store }: Network): SharedNetwork {
  const weights = new Map<string, SharedBuffer>();
  for (const { name, value } of store.parameters()) weights.set(name, store.backend.share(value));
  return { config, weights };
}

/** The network on a backend that joined the one it lies on. Disposing of it leaves the parameters where they are. */
export function viewNetwork(backend: Backend, { config, weights }: SharedNetwork): Network {
  const view = (name: string) => backend.view(weights.get(name) ?? internal(`${name} is not shared`));
  return new Network(backend, config, Random.fromSeed(0), view);
}
