import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { countSpace, countTuple } from './count.ts';
import { enumerate } from './enumerate.ts';
import { decode, encode, validate } from './genotype.ts';
import { crossover, moveStages, mutate } from './neighbours.ts';
import { genotypeAt, genotypeNumber } from './number.ts';
import { hytra, tiny } from './presets.ts';
import { brokenRule, showRules } from './rules.ts';
import { sample } from './sample.ts';
import { parseSpace } from './schema.ts';
import type { Exclusion, Genotype, Place, Space } from './space.ts';
import { showLengths } from './stage-layers.ts';

/** Stages of (conv, add, shift) and (attention, conv, add, shift), 1 to 3 layers each, 3 to 5 in all. */
const ruled = (ties: Place[][], exclusions: Exclusion[] = []): Space =>
  parseSpace({ ...tiny(), name: 'ruled', ties, exclusions });

/** Every genotype of the space without its rules that keeps them: the slow meaning of a rule. */
function byFilter(space: Space): string[] {
  const free = { ...space, ties: [], exclusions: [] };
  return [...enumerate(free)].filter((genotype) => brokenRule(space, genotype) === undefined).map(encode);
}

const mixed = ruled(
  [
    [
      { stage: 0, layer: 0 },
      { stage: 1, layer: -1 },
    ],
    [
      { stage: 1, layer: 1 },
      { stage: 1, layer: 2 },
    ],
  ],
  [
    { inARow: ['attention', 'attention'] },
    { inARow: ['conv', 'add', 'conv'] },
    {
      together: [
        { stage: 0, operators: ['add'] },
        { stage: 1, layer: 0, operators: ['shift', 'add'] },
      ],
    },
    {
      together: [
        { stage: 0, lengths: [3] },
        { stage: 1, operators: ['attention'] },
      ],
    },
  ],
);

describe('counting by hand', () => {
  test('a stage tied to one operator chooses once: 2 + 3 layers hold 3 * 4^3, not 3^2 * 4^3', () => {
    const space = ruled([[{ stage: 0 }]]);
    expect(countTuple(space, [2, 3])).toBe(3n * 4n ** 3n);
  });

  test('a tie across stages leaves what both allow', () => {
    // Layer 0 is one of three; the first of stage 1 follows; the last two choose among four.
    expect(
      countTuple(
        ruled([
          [
            { stage: 0, layer: 0 },
            { stage: 1, layer: 0 },
          ],
        ]),
        [1, 3],
      ),
    ).toBe(3n * 4n ** 2n);
  });

  test('no two attentions in a row: 3 layers of four operators hold 3^3 + 3 * 3^2 + 3 = 57', () => {
    // None: 27; one of the three places: 27; the first and the third: 3.
    expect(countTuple(ruled([], [{ inARow: ['attention', 'attention'] }]), [1, 3])).toBe(3n * 57n);
  });

  test('two choices not together: 12 less the one network that makes both', () => {
    const choices = [
      { stage: 0, operators: ['add' as const] },
      { stage: 1, operators: ['shift' as const] },
    ];
    const space = parseSpace({
      ...tiny(),
      name: 'pair',
      stageLengths: [[1, 1]],
      reference: [1, 1],
      exclusions: [{ together: choices }],
    });
    expect(countSpace(space)).toBe(11n);
  });

  test('lengths as choices: with three layers in stage 0, no attention in stage 1', () => {
    const exclusions = [
      {
        together: [
          { stage: 0, lengths: [3] },
          { stage: 1, operators: ['attention' as const] },
        ],
      },
    ];
    const space = ruled([], exclusions);
    expect(countTuple(space, [3, 2])).toBe(3n ** 3n * 3n ** 2n);
    expect(countTuple(space, [2, 2])).toBe(3n ** 2n * 4n ** 2n);
  });

  test('a tie over every stage of the published space: each tuple holds what its stages have in common', () => {
    const all = [0, 1, 2, 3].map((stage) => ({ stage }));
    const space = parseSpace({ ...hytra(), name: 'uniform', ties: [all] });
    expect(countSpace(space)).toBe(19n); // convolution everywhere is all that 1/32 shares with the rest
  });
});

describe('the automaton means what the rules say', () => {
  const place = fc.record({
    stage: fc.integer({ min: 0, max: 1 }),
    layer: fc.constantFrom(undefined, 0, 1, -1),
  });
  const operators = fc.constantFrom('conv' as const, 'add' as const, 'shift' as const);
  const choice = fc
    .tuple(place, fc.uniqueArray(operators, { minLength: 1, maxLength: 2 }))
    .map(([at, names]) => ({ ...at, operators: names }));
  const exclusion = fc.oneof(
    fc.array(choice, { minLength: 1, maxLength: 3 }).map((together): Exclusion => ({ together })),
    fc.array(operators, { minLength: 2, maxLength: 3 }).map((inARow): Exclusion => ({ inARow })),
  );
  const rules = fc.tuple(
    fc.array(fc.array(place, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
    fc.array(exclusion, { maxLength: 3 }),
  );

  test('its count is the number of networks that keep them, in every tuple, for any rules', () => {
    fc.assert(
      fc.property(rules, ([ties, exclusions]) => {
        const space: Space = { ...tiny(), name: 'any', ties, exclusions };
        const kept = byFilter(space);
        for (const lengths of space.stageLengths) {
          const word = `${showLengths(lengths)}:`;
          const slow = kept.filter((genotype) => genotype.startsWith(word)).length;
          expect(countTuple(space, lengths)).toBe(BigInt(slow));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('numbers run through the kept networks, each once, and back', () => {
    const words = [...enumerate(mixed)].map((genotype, i) => {
      validate(mixed, genotype);
      expect(genotypeNumber(mixed, genotype)).toBe(BigInt(i));
      return encode(genotype);
    });
    expect(words.sort()).toEqual(byFilter(mixed).sort());
    expect(() => genotypeAt(mixed, countSpace(mixed))).toThrow('numbers its architectures 0 to');
  });
});

describe('drawing under rules', () => {
  test('is uniform over the networks that are left (57, 28,500 draws, five standard deviations)', () => {
    const space = parseSpace({
      ...tiny(),
      name: 'apart',
      stageLengths: [[1, 3]],
      reference: [1, 3],
      ties: [[{ stage: 0 }]],
      exclusions: [
        { inARow: ['attention', 'attention'] },
        { together: [{ stage: 0, operators: ['add', 'shift'] }] },
      ],
    });
    expect(countSpace(space)).toBe(57n);
    const random = Random.fromSeed(11);
    const seen = new Map<string, number>();
    for (let i = 0; i < 28_500; i++) {
      const word = encode(sample(space, random));
      seen.set(word, (seen.get(word) ?? 0) + 1);
    }
    expect(seen.size).toBe(57);
    for (const count of seen.values()) expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt(500));
  });

  test('by tuples keeps the rules and draws every tuple equally often', () => {
    const random = Random.fromSeed(12);
    const seen = new Map<string, number>();
    const draws = 1000 * mixed.stageLengths.length;
    for (let i = 0; i < draws; i++) {
      const genotype = sample(mixed, random, 'tuples');
      expect(brokenRule(mixed, genotype)).toBeUndefined();
      const key = showLengths(genotype.lengths);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(seen.size).toBe(mixed.stageLengths.length);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });

  test('beyond 2^53 is exact: 40 layers without two attentions in a row hold what the recurrence gives', () => {
    const space = parseSpace({
      ...tiny(),
      name: 'long',
      stageLengths: [[1, 40]],
      reference: [1, 40],
      exclusions: [{ inARow: ['attention', 'attention'] }],
    });
    // a(n) = 3 a(n-1) + 3 a(n-2): a layer that is no attention, or an attention with one of three before it.
    let [before, count] = [1n, 4n];
    for (let n = 2; n <= 40; n++) [before, count] = [count, 3n * count + 3n * before];
    expect(countSpace(space)).toBe(3n * count);
    expect(count > 2n ** 53n).toBe(true);
    const total = countSpace(space);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: total - 1n }), (index) => {
        expect(genotypeNumber(space, genotypeAt(space, index))).toBe(index);
      }),
    );
  });
});

test('mutation, crossover and moved stages keep the rules', () => {
  const random = Random.fromSeed(13);
  let parent: Genotype = sample(mixed, random);
  for (let i = 0; i < 500; i++) {
    const other = sample(mixed, random);
    for (const child of [
      mutate(mixed, parent, random),
      crossover(mixed, parent, other, random),
      moveStages(mixed, parent, random),
    ]) {
      validate(mixed, child);
      parent = child;
    }
  }
});

describe('what cannot be is said', () => {
  test('a genotype that breaks a rule', () => {
    const space = ruled([[{ stage: 0 }]], [{ inARow: ['attention', 'attention'] }]);
    expect(() => decode(space, '2-2:cd|cc')).toThrow(
      "2-2:cd|cc breaks a rule of space 'ruled', ties[0]: all layers of stage 0 use one operator",
    );
    expect(() => decode(space, '2-2:cc|aa')).toThrow(
      'exclusions[0]: no network has attention, attention in a row',
    );
    expect(encode(decode(space, '2-2:cc|ac'))).toBe('2-2:cc|ac');
  });

  test('all rules as sentences', () => {
    expect(showRules(mixed)).toEqual([
      'layer 0 of stage 0 and the last layer of stage 1 use one operator',
      'layer 1 of stage 1 and layer 2 of stage 1 use one operator',
      'no network has attention, attention in a row',
      'no network has conv, add, conv in a row',
      'no network has add in any layer of stage 0 together with shift or add in layer 0 of stage 1',
      'no network has 3 layers in stage 0 together with attention in any layer of stage 1',
    ]);
  });

  const forbid = (stage: number, operators: string[]) => ({ together: [{ stage, operators }] });
  const cases: [string, object, string][] = [
    [
      'rules that leave nothing, naming one at fault',
      { ties: [[{ stage: 0 }, { stage: 1 }]], exclusions: [forbid(1, ['conv', 'add', 'shift'])] },
      'so the space is empty: no network keeps them all; without ties[0]',
    ],
    [
      'an operator list that forbids a whole stage',
      { exclusions: [forbid(0, ['conv', 'add', 'shift'])] },
      'without exclusions[0] (no network has conv or add or shift in any layer of stage 0) there are',
    ],
    [
      'a listed tuple without networks',
      { stageLengths: tiny().stageLengths, exclusions: [{ together: [{ stage: 1, lengths: [3] }] }] },
      'no network with 1-3 keeps the ties and exclusions; remove the tuple or a rule',
    ],
    ['a stage that is not there', { ties: [[{ stage: 2 }]] }, 'the stages are numbered 0 to 1, got 2'],
    ['an empty tie', { ties: [[]] }, 'a tie needs at least one place'],
    [
      'an operator the stage lacks',
      { exclusions: [forbid(0, ['attention'])] },
      'so nothing there uses attention',
    ],
    [
      'both kinds of exclusion',
      { exclusions: [{ together: [], inARow: [] }] },
      "either 'together' or 'inARow'",
    ],
    [
      'neither kind of choice',
      { exclusions: [{ together: [{ stage: 0 }] }] },
      "either 'operators' or 'lengths'",
    ],
    ['a row of one', { exclusions: [{ inARow: ['add'] }] }, 'must list 2 to 12 entries, got 1'],
    ['a misspelt key', { ties: [[{ stag: 0 }]] }, "unknown key 'stag'; did you mean 'stage'?"],
    [
      'a misspelt choice',
      { exclusions: [{ together: [{ stage: 0, operator: [] }] }] },
      "did you mean 'operators'?",
    ],
    ['a misspelt exclusion', { exclusions: [{ inarow: [] }] }, "did you mean 'inARow'?"],
  ];
  test.each(cases)('%s', (_, rules, message) => {
    expect(() => parseSpace({ ...tiny(), name: 'bad', ...rules }, 'my.json')).toThrow(message);
  });

  test('stage lengths by rule leave out the tuples that exclusions empty', () => {
    const space = parseSpace({
      ...tiny(),
      name: 'fewer',
      stageLengths: { low: [1, 1], high: [3, 3], total: [3, 5] },
      exclusions: [{ together: [{ stage: 0, lengths: [3] }] }, { together: [{ stage: 1, lengths: [1] }] }],
    });
    expect(space.stageLengths.map(showLengths)).toEqual(['1-2', '1-3', '2-2', '2-3']);
    expect(parseSpace(JSON.parse(JSON.stringify(space)))).toEqual(space);
  });

  test('rules that connect too many choices to count', () => {
    const ties = Array.from({ length: 12 }, (_, i) => [
      { stage: 1, layer: i },
      { stage: 1, layer: i + 12 },
    ]);
    const long = { ...tiny(), name: 'knot', stageLengths: [[1, 24]], reference: [1, 24], ties };
    expect(() => parseSpace(long)).toThrow('counting the networks takes more than 100,000 states');
  });
});
