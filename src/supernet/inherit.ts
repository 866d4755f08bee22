/**
 * First weights of a network that is trained alone, taken over from the supernet it was found in. A weight, with all
 * that its family adds to it (scale, slopes, sign), is taken where the block of the supernet has the role in the same
 * shape; what a family reads is then the same number for number. What is new or of another size starts fresh.
 *
 *   own tensor in both             copied
 *   shared W, alone reads T(own)   copied        affine and monotone transformations, and none
 *   shared W, alone reads own      own = T(W)    released transformation
 *   shared W, PS alone             exponent = log2 |w|, of w as the supernet reads it
 */
import { Graph } from '../autograd/graph.ts';
import { type Shape, sameShape, sizeOf } from '../core/shapes.ts';
import { OPERATORS } from '../operators/index.ts';
import type { OperatorName } from '../operators/names.ts';
import type { WeightDeclaration } from '../operators/operator.ts';
import { planNetwork } from '../spaces/layout.ts';
import type { Genotype } from '../spaces/space.ts';
import { headNames, LOWEST_PS_EXPONENT, weightDeclarations } from './declarations.ts';
import { effectiveWeight } from './effective.ts';
import type { Network } from './network.ts';
import { shares, weightKey } from './sharing.ts';

export interface Inheritance {
  /** Numbers taken over, and all of the network. */
  readonly taken: number;
  readonly of: number;
  /** Tensors that start fresh, by name. */
  readonly fresh: readonly string[];
}

/** Writes what fits into `network`, which stands alone. Call while no scope of the backend is open. */
export async function inherit(network: Network, supernet: Network, genotype: Genotype): Promise<Inheritance> {
  const taken = new Set<string>();
  const take = async (name: string, from: string) => {
    const there = held(supernet, from);
    if (there === undefined || !sameShape(there.shape, network.store.parameter(name).shape)) return;
    await write(network, name, (await supernet.store.backend.read(there.value)) as Float32Array);
    taken.add(name);
  };
  for (const name of ['stem.conv', 'stem.norm.gamma', 'stem.norm.beta']) await take(name, name);
  for (const name of headNames(network.config.space)) {
    for (const part of ['weight', 'bias']) await take(`${name}.${part}`, `head.${part}`);
  }
  const plan = (of: Network) => planNetwork(of.config.space, genotype, of.config.task).blocks;
  const origins = plan(supernet);
  for (const [i, { operator, plan: block }] of plan(network).entries()) {
    const declared = OPERATORS[operator].weights(origins[i].plan);
    for (const weight of OPERATORS[operator].weights(block)) {
      const origin = declared.find(({ role }) => role === weight.role);
      if (origin === undefined || !sameShape(origin.shape, weight.shape)) continue;
      for (const [name, values] of await weightValues(network, supernet, block.name, operator, weight)) {
        await write(network, name, values);
        taken.add(name);
      }
    }
    for (const { role } of OPERATORS[operator].norms(block)) {
      const name = `${block.name}.${operator}.${role}`;
      for (const part of ['gamma', 'beta']) await take(`${name}.${part}`, `${name}.${part}`);
    }
  }
  return summary(network, taken);
}

function held(network: Network, name: string) {
  return network.store.has(name) ? network.store.parameter(name) : undefined;
}

async function write(network: Network, name: string, values: Float32Array): Promise<void> {
  const { value, shape } = network.store.parameter(name);
  network.store.backend.write(value, values.subarray(0, sizeOf(shape)));
}

/** Values for every tensor that a weight of the lone network is made of. */
async function weightValues(
  network: Network,
  supernet: Network,
  place: string,
  family: OperatorName,
  weight: WeightDeclaration,
): Promise<Map<string, Float32Array>> {
  const { store, config } = supernet;
  const { sharing } = config;
  const own = `${place}.${family}.${weight.role}`;
  const isShared = weight.ordinary === undefined && weight.shared && shares(sharing, family);
  const read = async (name: string) =>
    (await store.backend.read(store.parameter(name).value)) as Float32Array;
  const out = new Map<string, Float32Array>();
  for (const { name, shape } of weightDeclarations(place, family, weight, network.config.sharing)) {
    const released = family === 'shift' && sharing.shift.startsWith('PS-released');
    if (name === `${own}.sign` && released) {
      out.set(name, (await effective()).map(Math.sign));
    } else if (store.has(name)) {
      if (sameShape(store.parameter(name).shape, shape)) out.set(name, await read(name));
    } else if (isShared && name === `${own}.exponent`) {
      out.set(name, (await effective()).map(exponentOf));
    } else if (isShared && name === own) {
      const key = weightKey(sharing, place, weight.role, family, true);
      out.set(name, sharing.transformation === 'released' ? await effective() : await read(key));
    }
    // what else the supernet has not, such as a scale that was fixed there, starts fresh
  }
  return out;

  async function effective(): Promise<Float32Array> {
    const graph = new Graph(store.backend, { training: false });
    try {
      const values = await graph.read(effectiveWeight(graph, store, sharing, place, family, weight));
      return Float32Array.from(values.subarray(0, sizeOf(weight.shape)));
    } finally {
      graph.close();
    }
  }
}

/** A weight of 0 has a sign of 0: its exponent is nowhere read. */
const exponentOf = (w: number): number => (w === 0 ? LOWEST_PS_EXPONENT : Math.log2(Math.abs(w)));

function summary(network: Network, taken: ReadonlySet<string>): Inheritance {
  const parameters: { readonly name: string; readonly shape: Shape }[] = [...network.store.parameters()];
  const count = (some: typeof parameters) => some.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    taken: count(parameters.filter(({ name }) => taken.has(name))),
    of: count(parameters),
    fresh: parameters.filter(({ name }) => !taken.has(name)).map(({ name }) => name),
  };
}
