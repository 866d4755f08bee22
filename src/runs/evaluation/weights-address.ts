/** The content address of a network's weights: equal weights have equal addresses, wherever they lie. */
import { createHash } from 'node:crypto';
import type { JobTypes } from './evaluator.ts';

/** SHA-256 in hexadecimal over name, shape and values of every parameter, in the order of names. */
export async function weightsAddress({ store }: JobTypes['network']): Promise<string> {
  const hash = createHash('sha256');
  const parameters = [...store.parameters()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, shape, value } of parameters) {
    const data = await store.backend.read(value);
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
