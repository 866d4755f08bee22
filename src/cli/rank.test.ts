/** `search --rank`: paths trained alone, compared with the supernet, kept through a break, shown in the report. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kendallTau, spearmanRho } from '../metrics/rank.ts';
import { shiftaddnas } from './testing/in-process.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const settings = () => ['--preset', 'smoke', '--data', data, '--seed', '3', ...QUICK];
const search = (...args: string[]) => shiftaddnas('search', '--json', ...args);
const result = (run: string) => JSON.parse(fs.readFileSync(join(run, 'result.json'), 'utf8'));

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'rank-'));
  data = writeTinyIdx(at('data'));
  for (const [name, args] of [
    ['ranked', ['--rank', '4']],
    ['plain', []],
  ] as const) {
    const { code, stderr } = await search(...settings(), ...args, '--out', at(name));
    expect([code, stderr]).toEqual([0, '']);
  }
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('a search with --rank 4', () => {
  test('gives four different paths with both scores, and the correlations of those', () => {
    const { rank } = result(at('ranked'));
    expect(rank).toMatchObject({ confidence: 0.95, resamples: 2000 });
    expect(new Set(rank.paths.map(({ genotype }: { genotype: string }) => genotype)).size).toBe(4);
    const supernet = rank.paths.map(({ supernetLoss }: { supernetLoss: number }) => supernetLoss);
    const alone = rank.paths.map(({ loss }: { loss: number }) => loss);
    expect(new Set([...supernet, ...alone]).size).toBe(8);
    expect(rank.kendallTau.value).toBeCloseTo(kendallTau(supernet, alone), 12);
    expect(rank.spearmanRho.value).toBeCloseTo(spearmanRho(supernet, alone), 12);
    for (const { value, low, high } of [rank.kendallTau, rank.spearmanRho]) {
      expect(low).toBeGreaterThanOrEqual(-1);
      expect(low).toBeLessThanOrEqual(value + 1e-9);
      expect(high).toBeGreaterThanOrEqual(value - 1e-9);
      expect(high).toBeLessThanOrEqual(1);
    }
  });

  test('changes nothing else that the search finds', () => {
    const [{ rank: _, ...ranked }, plain] = [result(at('ranked')), result(at('plain'))];
    for (const found of [ranked, plain]) {
      delete found.times;
      expect(found.config.rank).toBe(found === plain ? 0 : 4);
      delete found.config.rank;
    }
    expect(ranked).toEqual(plain);
    expect('rank' in plain).toBe(false);
  });

  test('tells the journal of its phases, numbered through, and of what came out', () => {
    const lines = fs.readFileSync(at('ranked', 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line));
    const started = events.filter(({ type }) => type === 'phase-started');
    const ranks = started.filter(({ phase }) => phase.startsWith('rank'));
    expect(ranks.map(({ phase }) => phase)).toEqual(['rank-scores', 'rank:1', 'rank:2', 'rank:3', 'rank:4']);
    const indices = started.map(({ index }) => index);
    expect(indices).toEqual(indices.map((_, i) => i + 1));
    expect(started.at(-1).of).toBe(started.length);
    const notes = events.filter(({ type }) => type === 'note').map(({ text }) => text);
    expect(notes.at(-1)).toMatch(
      /^supernet against training alone, 4 paths: Kendall's tau .* Spearman's rho /,
    );
  });

  test('prints both correlations with their intervals among its results', async () => {
    const { rank } = result(at('ranked'));
    const { code, stdout, stderr } = await shiftaddnas('search', '--resume', at('ranked'), '--quiet');
    expect([code, stderr]).toEqual([0, '']);
    const shown = ({ value, low, high }: Record<string, number>) =>
      `${value.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`;
    expect(stdout).toContain(
      `4 paths: Kendall's tau ${shown(rank.kendallTau)}, Spearman's rho ${shown(rank.spearmanRho)}\n`,
    );
  });

  test('goes on where it was broken off, and ends in the same bytes', async () => {
    const whole = runBytes(at('ranked'));
    const checkpoints = ['rank', 'rank-3', 'rank-3-measured', 'rank-4', 'rank-4-measured'];
    // As after a kill: first in the middle of the trainings, then with the scores of the supernet lost as well.
    for (const gone of [checkpoints, [...checkpoints, 'rank-1', 'rank-1-measured', 'rank-scores']]) {
      fs.rmSync(at('ranked', 'result.json'));
      for (const name of gone) {
        for (const end of ['', '.prev'])
          fs.rmSync(at('ranked', 'checkpoints', `${name}.safetensors${end}`), { force: true });
      }
      const { code, stderr } = await search('--resume', at('ranked'));
      expect([code, stderr]).toEqual([0, '']);
      expect(runBytes(at('ranked'))).toEqual(whole);
    }
  });

  test('has its figure in the report, and only then', () => {
    const page = fs.readFileSync(at('ranked', 'report.html'), 'utf8');
    const figure = page.slice(page.indexOf('id="rank"'));
    expect(figure).toMatch(
      /4 paths drawn from the space.*Kendall&#39;s tau.*Spearman&#39;s rho.*2,000 bootstrap resamples/,
    );
    const wide = figure.slice(0, figure.indexOf('class="phone"'));
    expect(wide.match(/<circle/g)).toHaveLength(4);
    expect(fs.readFileSync(at('plain', 'report.html'), 'utf8')).not.toContain('id="rank"');
  });
});

test('--paths tuples trains the supernet on other paths', async () => {
  const { code } = await search(...settings(), '--paths', 'tuples', '--out', at('tuples'));
  expect(code).toBe(0);
  expect(result(at('tuples')).supernet.curve).not.toEqual(result(at('plain')).supernet.curve);
});

test.each([
  ['too few to have an order', '2', /--rank compares orders, so it takes at least 3 paths, but got 2/],
  [
    'more than the space holds',
    '99999',
    /--rank takes 99999 different paths, but space 'micro' holds only \d+/,
  ],
])('refuses %s before anything is trained, and leaves no run behind', async (_, count, sentence) => {
  const { code, stderr } = await search(...settings(), '--rank', count, '--out', at(`bad-${count}`));
  expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  expect(fs.existsSync(at(`bad-${count}`))).toBe(false);
});
