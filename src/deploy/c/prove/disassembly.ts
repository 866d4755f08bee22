/** What a compiler made of the program: the functions of an object file and the multiplications among their instructions. */
import { MULTIPLYING } from '../kernels/parts.ts';

export interface Multiplications {
  /** Functions whose text holds no product: all of the program but a few. */
  readonly looked: readonly string[];
  /** Multiply instructions in these, as `function: instruction`; a program that was proved has none. */
  readonly found: readonly string[];
  /** Functions that compute products and hold such instructions, convolution among them. */
  readonly multiplying: readonly string[];
}

/** Of x86, Arm and AArch64: plain, accumulating, of several numbers at once. */
const MULTIPLY = /mul|madd|msub|^v?ml[as]|^v?fn?m[as]|^[us]ml|^smm|^umaal|^v?pdp|^v?[us]dot/;

/** listing: of `objdump -d --no-show-raw-insn`. */
export function multiplicationsOf(listing: string): Multiplications {
  const looked: string[] = [];
  const found: string[] = [];
  const multiplying = new Set<string>();
  let own = '';
  for (const line of listing.split('\n')) {
    const header = /^[0-9a-f]+ <([^>]+)>:$/.exec(line);
    if (header !== null) {
      // what a compiler makes of a function once more is called name.something
      own = header[1].split('.')[0];
      if (!MULTIPLYING.has(own)) looked.push(header[1]);
      continue;
    }
    const instruction = /^\s+[0-9a-f]+:\s+(\S+.*)$/.exec(line)?.[1];
    if (instruction === undefined || !MULTIPLY.test(instruction.split(/\s/)[0])) continue;
    if (MULTIPLYING.has(own)) multiplying.add(own);
    else found.push(`${own}: ${instruction.trim()}`);
  }
  return { looked, found, multiplying: [...multiplying] };
}
