/**
 * The processing elements and the requantisation units in Icarus, clock by clock, against what docs/integer.md defines:
 * all pairs of 8-bit numbers, and drawn ones of 16 and 32 bits.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { ProgramBuilder } from '../integer/builder.ts';
import { codeOf, weightOf } from '../integer/codes.ts';
import type { Requantise } from '../integer/program.ts';
import { requantiser } from '../integer/reference/requantise.ts';
import { ARITHMETICS } from './engines.ts';
import { joined, memory } from './hex.ts';
import { scaleWords } from './layer-files.ts';
import { VERILOG_DIR } from './sources.ts';
import { toolMissing, toolVersion } from './tools.ts';

const there = toolVersion('icarus') !== undefined;
if (!there) console.log(`skipped: ${toolMissing('icarus')}`);

let dir: string;
beforeAll(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'elements-'));
});
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

/** What the bench says of the vectors. */
function bench(
  name: string,
  parameters: Readonly<Record<string, number>>,
  vectors: readonly bigint[],
  bits: number,
) {
  const here = fileURLToPath(new URL(`./testing/${name}.v`, import.meta.url));
  const rtl = fs.readdirSync(`${VERILOG_DIR}rtl`).map((file) => `${VERILOG_DIR}rtl/${file}`);
  const flags = Object.entries(parameters).map(([key, value]) => `-P${name}.${key}=${value}`);
  const [program, data] = [join(dir, 'bench'), join(dir, 'vectors.hex')];
  const built = spawnSync('iverilog', ['-g2005', '-s', name, ...flags, '-o', program, here, ...rtl]);
  expect(built.stderr.toString()).toBe('');
  fs.writeFileSync(data, memory(vectors, bits));
  const run = spawnSync('vvp', ['-n', program, `+vectors=${data}`, `+count=${vectors.length}`]);
  return run.stdout.toString().trim();
}

type Arithmetic = (typeof ARITHMETICS)[number];

/** The term of an accumulator, as docs/integer.md has it. */
const TERM: Readonly<Record<Arithmetic, (x: number, weight: number, weightBits: number) => bigint>> = {
  conv: (x, weight) => BigInt(x) * BigInt(weight),
  shift: (x, code, bits) => BigInt(x) * BigInt(weightOf(code, bits)),
  add: (x, weight) => -BigInt(Math.abs(x - weight)),
};

describe.skipIf(!there)('elements', () => {
  function agrees(
    arithmetic: Arithmetic,
    bits: number,
    weightBits: number,
    pairs: readonly (readonly [number, number])[],
  ) {
    const random = Random.fromSeed(bits);
    const wrapped = (n: bigint) => BigInt.asIntN(32, n);
    let sum = 0n;
    const vectors = pairs.map(([x, weight], i) => {
      const first = i === 0 || random.integer(9) === 0;
      const partial = random.integer(2 ** 32) - 2 ** 31;
      sum = wrapped((first ? BigInt(partial) : sum) + TERM[arithmetic](x, weight, weightBits));
      return joined([
        [first ? 1 : 0, 1],
        [partial, 32],
        [x, bits],
        [weight, weightBits],
        [Number(sum), 32],
      ]);
    });
    const parameters = {
      ...{ ARITHMETIC: ARITHMETICS.indexOf(arithmetic), ACTIVATION_BITS: bits, WEIGHT_BITS: weightBits },
    };
    const said = bench('element_bench', parameters, vectors, 1 + 64 + bits + weightBits);
    expect(said).toBe(`${pairs.length} vectors, 0 differ`);
  }
  const bytes = Array.from({ length: 256 }, (_, i) => i - 128);
  const codes = (bits: number) =>
    Array.from({ length: 2 ** bits }, (_, i) => i).filter((code) => code !== 2 ** (bits - 1));
  const drawn = (bits: number, count: number) => {
    const random = Random.fromSeed(bits + 1);
    const extremes = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0, -1];
    return Array.from({ length: count }, () =>
      random.integer(5) === 0 ? extremes[random.integer(4)] : random.integer(2 ** bits) - 2 ** (bits - 1),
    );
  };

  test('multiply: all products of 8 bits', () => {
    agrees(
      'conv',
      8,
      8,
      bytes.flatMap((x) => bytes.map((w) => [x, w] as const)),
    );
  });
  test('add: all differences of 8 bits', () => {
    agrees(
      'add',
      8,
      8,
      bytes.flatMap((x) => bytes.map((w) => [x, w] as const)),
    );
  });
  test.each([2, 3, 4, 5])('shift: all numbers of 8 bits by all codes of %i', (bits) => {
    agrees(
      'shift',
      8,
      bits,
      bytes.flatMap((x) => codes(bits).map((code) => [x, code] as const)),
    );
  });
  test.each([
    [16, 8],
    [16, 16],
    [32, 32],
  ])('%i bits by %i, drawn', (bits, weightBits) => {
    const weights = drawn(weightBits, 4000);
    const pairs = drawn(bits, 4000).map((x, i) => [x, weights[i]] as const);
    agrees('conv', bits, weightBits, pairs);
    agrees('add', bits, weightBits, pairs);
    const random = Random.fromSeed(3);
    agrees(
      'shift',
      bits,
      5,
      pairs.map(([x]) => [x, codeOf(random.integer(2) * 2 - 1, random.integer(16), 5)]),
    );
  });

  test('requantisation: both forms, as far as 32 and 48 bits go', () => {
    const random = Random.fromSeed(4);
    const whole = (low: number, high: number) => low + random.integer(high - low + 1);
    const vectors: bigint[] = [];
    for (let turn = 0; turn < 6000; turn++) {
      const build = new ProgramBuilder([1, 1, 1]);
      const terms = turn % 2 === 1;
      const [low, high] = [whole(-32768, 0), whole(0, 32767)];
      const bound = 2 ** whole(1, 30);
      const acc = whole(-bound, bound);
      const places = Array.from({ length: whole(1, 4) }, () => whole(-31, 28 - Math.ceil(Math.log2(bound))));
      const how: Requantise = terms
        ? build.terms(
            't',
            [{ signs: places.map(() => whole(-1, 1)), places, addend: whole(-(2 ** 29), 2 ** 29) }],
            whole(0, 30),
          )
        : build.multiply('m', [
            { multiplier: whole(-32768, 32767), addend: whole(-(2 ** 46), 2 ** 46), shift: whole(0, 31) },
          ]);
      const program = build.program('drawn', ['a']);
      const y = requantiser(program, how, { shape: [1, 1, 1], bits: 16, zero: 0, low, high, step: 1 })(
        acc,
        0,
      );
      const [scale] = scaleWords(program, how, 1);
      const shift = how.kind === 'terms' ? how.shift : 0;
      const head = joined([
        [terms ? 1 : 0, 8],
        [shift, 8],
        [low, 16],
        [high, 16],
      ]);
      vectors.push(
        (((head << 72n) | scale) << 48n) |
          joined([
            [acc, 32],
            [y, 16],
          ]),
      );
    }
    expect(bench('requantise_bench', {}, vectors, 168)).toBe('6000 vectors, 0 differ');
  });
});
