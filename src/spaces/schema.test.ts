import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countSpace } from './count.ts';
import { loadSpace } from './load.ts';
import { cifar, spacePreset, spacePresetNames } from './presets.ts';
import { parseSpace } from './schema.ts';

const plain = () => JSON.parse(JSON.stringify(cifar()));

describe('a space from a config file', () => {
  test('every preset survives being written and read', () => {
    for (const name of spacePresetNames()) {
      const space = spacePreset(name);
      expect(parseSpace(JSON.parse(JSON.stringify(space)))).toEqual(space);
    }
  });

  test('may give its stage lengths by rule', () => {
    const byRule = { ...plain(), stageLengths: { low: [1, 1, 1], high: [4, 3, 3], total: [4, 7] } };
    expect(parseSpace(byRule)).toEqual(cifar());
  });

  const cases: [string, (space: ReturnType<typeof plain>) => void, string][] = [
    ['an unknown key', (s) => (s.headWith = 4), "unknown key 'headWith'; did you mean 'headWidth'?"],
    [
      'an unknown key of a stage',
      (s) => (s.stages[1].chanels = 4),
      "stages[1]: unknown key 'chanels'; did you mean 'channels'?",
    ],
    [
      'an unknown key of the stem',
      (s) => (s.stem.zzzzzzzz = 4),
      "stem: unknown key 'zzzzzzzz'; known are channels, kernel, stride, pool",
    ],
    [
      'an unknown operator',
      (s) => (s.stages[0].operators[0] = 'convv'),
      'must be one of attention, conv, add, shift, got "convv"; did you mean \'conv\'?',
    ],
    ['a missing key', (s) => delete s.headWidth, 'headWidth: this key is missing'],
    [
      'a wrong type',
      (s) => (s.stages[0].channels = 'wide'),
      'stages[0].channels: must be of type number, got "wide"',
    ],
    ['a fraction', (s) => (s.headWidth = 2.5), 'headWidth: must be a whole number, got 2.5'],
    [
      'an even window of a stage',
      (s) => (s.stages[1].kernel = 4),
      'stages[1].kernel: the window must be odd',
    ],
    ['a zero width', (s) => (s.stem.channels = 0), 'stem.channels: must be at least 1, got 0'],
    ['no stages', (s) => (s.stages = []), 'a space needs at least one stage'],
    [
      'no operators',
      (s) => (s.stages[2].operators = []),
      'stages[2].operators: a stage needs at least one operator',
    ],
    [
      'an operator twice',
      (s) => (s.stages[0].operators = ['add', 'add']),
      'an operator may be listed once, got add, add',
    ],
    ['no tuples', (s) => (s.stageLengths = []), 'so the space is empty'],
    [
      'a rule that nothing meets',
      (s) => (s.stageLengths = { low: [1, 1, 1], high: [2, 2, 2], total: [9, 9] }),
      'so the space is empty',
    ],
    [
      'a rule with an unknown key',
      (s) => (s.stageLengths = { lo: [1], high: [2] }),
      'stageLengths: unknown key',
    ],
    [
      'a rule with too many tuples',
      (s) => (s.stageLengths = { low: [1, 1, 1], high: [99, 99, 99] }),
      'more than 100,000 tuples',
    ],
    [
      'a tuple of other length',
      (s) => (s.stageLengths[3] = [1, 2]),
      'stageLengths[3]: 1-2 names 2 stages, but the space has 3; give a length for each',
    ],
    [
      'zero layers',
      (s) => (s.stageLengths[0] = [3, 0, 2]),
      'stageLengths[0]: 3-0-2 gives stage 1 zero layers',
    ],
    [
      'a tuple twice',
      (s) => (s.stageLengths[1] = s.stageLengths[0]),
      'stageLengths[1]: 1-1-2 is listed twice',
    ],
    ['a reference outside', (s) => (s.reference = [1, 1, 1]), 'reference: 1-1-1 is not among stageLengths'],
    ['a stage that does not halve', (s) => (s.stages[1].scale = 8), 'so it must be 4, got 8'],
    [
      'a first stage off the stem',
      (s) => (s.stem.stride = 2),
      "stride 2 and pool 'max2' of the stem leave 1/4",
    ],
    ['channels that do not divide', (s) => (s.stages[0].channels = 66), 'channels must divide by 4, got 66'],
    ['heads that do not divide', (s) => (s.headWidth = 12), 'attention in stage 1 has an inner width of 32'],
    ['an even window', (s) => (s.stem.kernel = 4), 'stem.kernel: the window must be odd'],
    [
      'adders that start outside their bounds',
      (s) => (s.adder = { initial: 16 }),
      "adder: a bounded scale of an adder's weights needs 0 < low <= initial <= high, got low 1, initial 16, high 8",
    ],
    [
      'an unknown key of its adders',
      (s) => (s.adder = { inital: 3 }),
      "adder: unknown key 'inital'; did you mean 'initial'?",
    ],
    ['a bad name', (s) => (s.name = 'a b'), 'name: may hold only letters, digits'],
  ];
  test.each(cases)('with %s is refused', (_, spoil, message) => {
    const space = plain();
    spoil(space);
    expect(() => parseSpace(space, 'my.json')).toThrow(message);
  });

  test.each([[null], [3], ['x'], [[]]])('that is %j is refused', (value) => {
    expect(() => parseSpace(value, 'my.json')).toThrow('my.json: must be of type object');
  });
});

describe('--space', () => {
  test('takes the name of a preset or the path of a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'space-'));
    try {
      const file = join(folder, 'mine.json');
      writeFileSync(file, JSON.stringify({ ...plain(), name: 'mine' }));
      expect(countSpace(loadSpace(file))).toBe(countSpace(loadSpace('cifar')));
      writeFileSync(file, '{"name": ');
      expect(() => loadSpace(file)).toThrow('is not JSON');
      expect(() => loadSpace(join(folder, 'none.json'))).toThrow('cannot be read (ENOENT)');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('names the nearest preset', () => {
    expect(() => loadSpace('hytr')).toThrow("did you mean 'hytra'?");
  });
});
