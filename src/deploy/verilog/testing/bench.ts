/** Runs a bench of this folder in Icarus, on vectors that follow docs/integer.md. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../../../core/random.ts';
import { weightOf } from '../../integer/codes.ts';
import { ARITHMETICS } from '../engines.ts';
import { joined, memory } from '../hex.ts';
import { verilogSources } from '../sources.ts';

export interface Bench {
  readonly name: 'element_bench' | 'requantise_bench';
  readonly parameters?: Readonly<Record<string, number>>;
  /** Verilog in place of the package's own; then NETLIST is defined. */
  readonly netlist?: string;
  readonly vectors: readonly bigint[];
  /** Of a vector. */
  readonly bits: number;
}

/** What the bench says: "100 vectors, 0 differ", or what the compiler says when it has complaints. */
export function runBench({ name, parameters = {}, netlist, vectors, bits }: Bench): string {
  const dir = fs.mkdtempSync(join(tmpdir(), 'bench-'));
  const at = (file: string) => join(dir, file);
  try {
    fs.writeFileSync(at('unit.v'), netlist ?? [...verilogSources('rtl').values()].join('\n'));
    fs.writeFileSync(at('vectors.hex'), memory(vectors, bits));
    const flags = Object.entries(parameters).map(([key, value]) => `-P${name}.${key}=${value}`);
    if (netlist !== undefined) flags.push('-DNETLIST');
    const here = fileURLToPath(new URL(`./${name}.v`, import.meta.url));
    const built = spawnSync(
      'iverilog',
      ['-g2005', '-s', name, ...flags, '-o', at('bench'), here, at('unit.v')],
      { encoding: 'utf8' },
    );
    if (built.stderr !== '') return built.stderr;
    const feed = [`+vectors=${at('vectors.hex')}`, `+count=${vectors.length}`];
    return spawnSync('vvp', ['-n', at('bench'), ...feed], { encoding: 'utf8' }).stdout.trim();
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

type Arithmetic = (typeof ARITHMETICS)[number];

/** What is added to the sum, as docs/integer.md has it; a shift weight is its code. */
const TERM: Readonly<Record<Arithmetic, (x: number, weight: number, weightBits: number) => bigint>> = {
  conv: (x, weight) => BigInt(x) * BigInt(weight),
  shift: (x, code, bits) => BigInt(x) * BigInt(weightOf(code, bits)),
  add: (x, weight) => -BigInt(Math.abs(x - weight)),
};

/** Of an element that adds up these pairs of activation and weight, beginning anew now and then; sums of 32 bits. */
export function elementBench(
  arithmetic: Arithmetic,
  bits: number,
  weightBits: number,
  pairs: readonly (readonly [x: number, weight: number])[],
): Bench {
  const random = Random.fromSeed(bits);
  let sum = 0n;
  const vectors = pairs.map(([x, weight], i) => {
    const first = i === 0 || random.integer(9) === 0;
    const partial = random.integer(2 ** 32) - 2 ** 31;
    sum = BigInt.asIntN(32, (first ? BigInt(partial) : sum) + TERM[arithmetic](x, weight, weightBits));
    const parts = [[first ? 1 : 0, 1] as const, [partial, 32] as const, [x, bits] as const];
    return joined([...parts, [weight, weightBits], [Number(sum), 32]]);
  });
  const parameters = {
    ...{ ARITHMETIC: ARITHMETICS.indexOf(arithmetic), ACTIVATION_BITS: bits, WEIGHT_BITS: weightBits },
  };
  return { name: 'element_bench', parameters, vectors, bits: 1 + 64 + bits + weightBits };
}

/** Whole numbers of so many bits, the extremes among them. */
export function drawnNumbers(bits: number, count: number, seed: number): number[] {
  const random = Random.fromSeed(seed);
  const extremes = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0, -1];
  return Array.from({ length: count }, () =>
    random.integer(5) === 0 ? extremes[random.integer(4)] : random.integer(2 ** bits) - 2 ** (bits - 1),
  );
}

/** All codes of shift weights, but that of -0, which does not exist. */
export const allCodes = (bits: number): number[] =>
  Array.from({ length: 2 ** bits }, (_, code) => code).filter((code) => code !== 2 ** (bits - 1));
