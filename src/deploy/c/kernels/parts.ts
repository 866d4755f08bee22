/** All parts in the order in which a program holds them, and which of them a program needs. */
import { ATTENTION } from './attention.ts';
import { BASICS } from './basics.ts';
import type { Features, Part } from './part.ts';
import { POINTWISE } from './pointwise.ts';
import { POOLS } from './pools.ts';
import { SCALING } from './scaling.ts';
import { TABLES } from './tables.ts';
import { WINDOWS } from './windows.ts';

export const PARTS: readonly Part[] = [
  ...BASICS,
  ...SCALING,
  ...POINTWISE,
  ...TABLES,
  ...WINDOWS,
  ...POOLS,
  ...ATTENTION,
];

const BY_NAME = new Map(PARTS.map((part) => [part.name, part]));

/** The named parts with all that they stand on. */
export function partsOf(names: Iterable<string>, features: Features): Part[] {
  const needed = new Set<string>();
  const add = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    BY_NAME.get(name)!.needs(features).forEach(add);
  };
  for (const name of names) add(name);
  return PARTS.filter(({ name }) => needed.has(name));
}

/** Names of functions that compute products. */
export const MULTIPLYING: ReadonlySet<string> = new Set(
  PARTS.filter(({ multiplies }) => multiplies).map(({ name }) => name),
);

const EVERYTHING: Features = {
  ...{ reads: new Set([8, 16]), writes: new Set([8, 16]), patchBits: 16, small: false, weightShift: true },
  ...{ arithmetics: new Set(['conv', 'shift', 'add']), forms: new Set(['terms', 'multiply']) },
};

/** What the function of that name may call, in any program. */
export const callsOf = (name: string): readonly string[] => BY_NAME.get(name)!.needs(EVERYTHING);
