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
