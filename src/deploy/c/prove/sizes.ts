/** Flash and memory of a compiled program, from its sections and from what the compiler says of stacks. */
import { callsOf, PARTS } from '../kernels/parts.ts';

export interface Sizes {
  /** Instructions, in bytes. */
  readonly code: number;
  /** Weights and all other constants. */
  readonly constants: number;
  /** Static memory: the arena. */
  readonly memory: number;
}

/** sections: of `size -A`. */
export function sizesOf(sections: string): Sizes {
  const total = (wanted: RegExp) =>
    [...sections.matchAll(/^(\.\S+)\s+(\d+)\s/gm)]
      .filter(([, name]) => wanted.test(name))
      .reduce((sum, [, , bytes]) => sum + Number(bytes), 0);
  return {
    code: total(/^\.text/),
    // constants that hold addresses lie in .data.rel.ro of programs that can be moved
    constants: total(/^\.(rodata|data\.rel\.ro)/),
    memory: total(/^\.(bss|data)(?!\.rel\.ro)/),
  };
}

/** Bytes of stack below `entry`, the deepest of its calls. usage: of -fstack-usage. */
export function stackOf(usage: string, entry: string): number {
  const own = new Map(
    [...usage.matchAll(/:(\w+)(?:\.\S+)?\t(\d+)\t/g)].map(
      ([, name, bytes]) => [name, Number(bytes)] as const,
    ),
  );
  const deepest = (name: string): number => (own.get(name) ?? 0) + Math.max(0, ...callsOf(name).map(deepest));
  return (own.get(entry) ?? 0) + Math.max(0, ...PARTS.map(({ name }) => deepest(name)));
}
