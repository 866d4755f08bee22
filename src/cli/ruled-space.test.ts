/** A person's own space with ties and exclusions, searched from end to end. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { decode } from '../spaces/genotype.ts';
import { loadSpace } from '../spaces/load.ts';
import { micro } from '../spaces/presets.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'ruled-'));
  const rules = {
    stageLengths: { low: [1, 1], high: [2, 3], total: [2, 4] },
    ties: [
      [{ stage: 0 }],
      [
        { stage: 1, layer: 0 },
        { stage: 1, layer: -1 },
      ],
    ],
    exclusions: [
      { inARow: ['shift', 'shift', 'shift'] },
      {
        together: [
          { stage: 0, operators: ['add'] },
          { stage: 1, operators: ['attention'] },
        ],
      },
    ],
  };
  fs.writeFileSync(at('own.json'), JSON.stringify({ ...micro(), name: 'own', ...rules }));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('every candidate and every ranked path of a search keeps the rules, and its winner can be evaluated', async () => {
  const data = writeTinyIdx(at('data'));
  const args = ['--preset', 'smoke', '--data', data, '--space', at('own.json'), '--seed', '1', ...QUICK];
  const more = ['--generations', '4', '--population', '8', '--rank', '3', '--paths', 'tuples'];
  const found = await shiftaddnas('search', ...args, ...more, '--out', at('run'), '--json');
  expect(found.stderr).toBe('');
  const { winner, runDir } = jsonOf(found);
  const space = loadSpace(at('own.json'));
  const lines = fs.readFileSync(at('run', 'architectures.jsonl'), 'utf8').trimEnd().split('\n');
  const { rank } = JSON.parse(fs.readFileSync(at('run', 'result.json'), 'utf8'));
  const words = [...lines.map((line) => JSON.parse(line)), ...rank.paths].map(({ genotype }) => genotype);
  expect(new Set(words).size).toBeGreaterThan(20);
  for (const word of words) decode(space, word); // throws where a rule is broken
  // The space travels with the winner.
  const evaluated = jsonOf(await shiftaddnas('evaluate', '--run', runDir, '--json'));
  expect(evaluated.accuracy).toBe(winner.accuracy);
});

test('a space given as an object in --config is that of the run, resumed and evaluated too', async () => {
  const data = writeTinyIdx(at('data'));
  const space = { ...micro(), name: 'inline', stageLengths: { low: [1, 1], high: [1, 1], total: [2, 2] } };
  const settings = (name: string, value: unknown) => {
    fs.writeFileSync(at(name), JSON.stringify({ data, space: value, validation: 80, epochs: 1 }));
    return ['--preset', 'smoke', '--config', at(name)];
  };
  const network = ['--network', '1-1:s|c'];
  const first = settings('inline.json', { ...space, reference: [1, 1] });
  const trained = await shiftaddnas('train', ...network, ...first, '--out', at('inline'), '--json');
  expect(trained.stderr).toBe('');
  const { network: found } = jsonOf(trained);
  const saved = JSON.parse(fs.readFileSync(at('inline', 'winner', 'architecture.json'), 'utf8'));
  expect(saved.space).toMatchObject({ name: 'inline', stageLengths: [[1, 1]] });
  const resumed = jsonOf(await shiftaddnas('train', '--resume', at('inline'), '--json'));
  expect(resumed.network).toEqual(found);
  expect(jsonOf(await shiftaddnas('evaluate', '--run', at('inline'), '--json')).accuracy).toBe(
    found.accuracy,
  );

  for (const [value, sentence] of [
    [{ ...space, shortcut: 'none' }, /space, shortcut: must be one of average-down, conv3x3, got "none"/],
    [[1, 2], /"space" in .*wrong\.json must be a text that is not empty or an object, but got \[1,2\]/],
  ] as const) {
    const { code, stderr } = await shiftaddnas('train', ...network, ...settings('wrong.json', value));
    expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  }
});

test('where only a baseline is left to choose, it is the winner', async () => {
  const data = writeTinyIdx(at('data'));
  const [first, second] = micro().stages;
  const stages = [
    { ...first, operators: ['shift'] },
    { ...second, operators: ['shift'] },
  ];
  const one = { ...micro(), name: 'one', stages, stageLengths: [[1, 2]] };
  fs.writeFileSync(at('one.json'), JSON.stringify(one));
  const args = ['--preset', 'smoke', '--data', data, '--space', at('one.json'), ...QUICK];
  const found = await shiftaddnas('search', ...args, '--limit-energy', 'none', '--out', at('one'), '--json');
  expect(found.stderr).toBe('');
  expect(jsonOf(found).winner.genotype).toBe('1-2:s|ss');
});
