/**
 * The processing elements and the requantisation units in Icarus, clock by clock, against what docs/integer.md defines:
 * all pairs of 8-bit numbers, and drawn ones of 16 and 32 bits.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { ProgramBuilder } from '../integer/builder.ts';
import type { Requantise } from '../integer/program.ts';
import { requantiser } from '../integer/reference/requantise.ts';
import { joined } from './hex.ts';
import { scaleWords } from './layer-files.ts';
import { allCodes, type Bench, drawnNumbers, elementBench, runBench } from './testing/bench.ts';
import { toolMissing, toolVersion } from './tools.ts';

const there = toolVersion('icarus') !== undefined;
if (!there) console.log(`skipped: ${toolMissing('icarus')}`);

const agrees = (bench: Bench) => expect(runBench(bench)).toBe(`${bench.vectors.length} vectors, 0 differ`);

const BYTES = Array.from({ length: 256 }, (_, i) => i - 128);
const pairsWith = (weights: readonly number[]) => BYTES.flatMap((x) => weights.map((w) => [x, w] as const));

describe.skipIf(!there)('elements', () => {
  test('multiply: all products of 8 bits', () => agrees(elementBench('conv', 8, 8, pairsWith(BYTES))));
  test('add: all differences of 8 bits', () => agrees(elementBench('add', 8, 8, pairsWith(BYTES))));
  test.each([2, 3, 4, 5])('shift: all numbers of 8 bits by all codes of %i', (bits) =>
    agrees(elementBench('shift', 8, bits, pairsWith(allCodes(bits)))),
  );

  test.each([
    [16, 8],
    [16, 16],
    [32, 32],
  ])('%i bits by %i, drawn', (bits, weightBits) => {
    const x = drawnNumbers(bits, 4000, 1);
    const pairs = drawnNumbers(weightBits, 4000, 2).map((weight, i) => [x[i], weight] as const);
    agrees(elementBench('conv', bits, weightBits, pairs));
    agrees(elementBench('add', bits, weightBits, pairs));
    const codes = allCodes(5);
    const coded = x.map((own, i) => [own, codes[(i * 7) % codes.length]] as const);
    agrees(elementBench('shift', bits, 5, coded));
  });

  test('a sum that is one off is seen', () => {
    const { vectors, ...bench } = elementBench('add', 8, 8, [[3, 5]]);
    expect(runBench({ ...bench, vectors: [vectors[0] ^ 1n] })).toBe('1 vectors, 1 differ');
  });
});

test.skipIf(!there)('requantisation: both forms, as far as 32 and 48 bits go', () => {
  const random = Random.fromSeed(4);
  const whole = (low: number, high: number) => low + random.integer(high - low + 1);
  const vectors: bigint[] = [];
  for (let turn = 0; turn < 6000; turn++) {
    const build = new ProgramBuilder([1, 1, 1]);
    const [low, high] = [whole(-32768, 0), whole(0, 32767)];
    const bound = 2 ** whole(1, 30);
    const acc = whole(-bound, bound);
    const places = Array.from({ length: whole(1, 4) }, () => whole(-31, 28 - Math.ceil(Math.log2(bound))));
    const sums = [{ signs: places.map(() => whole(-1, 1)), places, addend: whole(-(2 ** 29), 2 ** 29) }];
    const scale = {
      ...{ multiplier: whole(-32768, 32767), addend: whole(-(2 ** 46), 2 ** 46), shift: whole(0, 31) },
    };
    const how: Requantise =
      turn % 2 === 1 ? build.terms('t', sums, whole(0, 30)) : build.multiply('m', [scale]);
    const program = build.program('drawn', ['a']);
    const to = { shape: [1, 1, 1], bits: 16, zero: 0, low, high, step: 1 } as const;
    const y = requantiser(program, how, to)(acc, 0);
    const shift = how.kind === 'terms' ? how.shift : 0;
    const head = joined([
      [how.kind === 'terms' ? 1 : 0, 8],
      [shift, 8],
      [low, 16],
      [high, 16],
    ]);
    const [word] = scaleWords(program, how, 1);
    vectors.push(
      (((head << 72n) | word) << 48n) |
        joined([
          [acc, 32],
          [y, 16],
        ]),
    );
  }
  agrees({ name: 'requantise_bench', vectors, bits: 168 });
});
