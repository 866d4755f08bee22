/** The study end to end on drawn glyphs: its order, its budget, and that a killed one ends with the same section. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CellLine } from '../study/journal.ts';
import { renderStudy } from '../study/render/render.ts';
import { SAVE_EVERY } from './run-session.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { compiledProgram, start } from './testing/program.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let program: string;
const quick = (out: string) => ['study', 'images', '--quick', '--seeds', '0', '--out', join(folder, out)];

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'study-'));
  program = await compiledProgram();
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const journal = (out: string) =>
  fs
    .readFileSync(join(folder, out, 'journal.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((text) => JSON.parse(text));
const cellsOf = (out: string): CellLine[] => journal(out).filter(({ type }) => type === 'cell');
const figuresOf = ({ id, hash, figures }: CellLine) => ({ id, hash, figures });
/** What these cells come to in the docs, without the line that tells of time and machine. */
const sectionOf = (cells: readonly CellLine[]) =>
  renderStudy([...journal('whole').slice(0, 1), ...cells])
    .split('\n')
    .filter((text) => !text.startsWith('Computed: '))
    .join('\n');

async function lines(out: string, count: number, ended: Promise<unknown>): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const path = join(folder, out, 'journal.jsonl');
  while (!over && !(fs.existsSync(path) && fs.readFileSync(path, 'utf8').split('\n').length > count)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a study that is killed', () => {
  test('twice, and gone on with, ends with the same figures and the same section', async () => {
    const { code, stderr } = await shiftaddnas(...quick('whole'));
    expect(stderr).not.toContain('shiftaddnas:');
    expect(code).toBe(0);
    const part = [...quick('killed'), '--only', 'uniform,algorithms'];
    for (const count of [1, 4]) {
      const running = start(program, part, { [SAVE_EVERY]: '0' });
      await lines('killed', count, running.ended);
      await new Promise((resolve) => setTimeout(resolve, 60)); // into the next cell
      running.child.kill('SIGKILL');
      expect((await running.ended).signal).toBe('SIGKILL');
    }
    expect((await shiftaddnas(...part)).code).toBe(0);
    expect(journal('killed').filter(({ type }) => type === 'start')).toHaveLength(3);
    const killed = cellsOf('killed');
    expect(killed).toHaveLength(6);
    const ids = new Set(killed.map(({ id }) => id));
    const whole = cellsOf('whole').filter(({ id }) => ids.has(id));
    expect(sectionOf(killed)).toBe(sectionOf(whole));
    expect(killed.map(figuresOf)).toEqual(whole.map(figuresOf));
  });

  test('is finished when it is finished: the same command runs no cell again', async () => {
    const before = cellsOf('whole');
    const outcome = jsonOf(await shiftaddnas(...quick('whole'), '--json'));
    expect(outcome).toMatchObject({ finished: 0, left: 0 });
    expect(cellsOf('whole')).toEqual(before);
  });

  test('holds every part and no figure that is not a number, and keeps no checkpoints', () => {
    const cells = cellsOf('whole');
    expect([...new Set(cells.map(({ part }) => part))].sort()).toEqual(
      ['algorithms', 'operators', 'ranking', 'sharing', 'uniform', 'zoo'].sort(),
    );
    expect(cells.filter(({ figures }) => figures.kind === 'failure')).toEqual([]);
    const document = fs.readFileSync(join(folder, 'whole', 'results.md'), 'utf8');
    expect(document).toContain(sectionOf(cells).slice(0, 500));
    expect(document).not.toMatch(/NaN|undefined|Infinity/);
    const runs = join(folder, 'whole', 'cells');
    for (const run of fs.readdirSync(runs)) {
      expect(fs.existsSync(join(runs, run, 'config.json'))).toBe(true);
      expect(fs.existsSync(join(runs, run, 'checkpoints'))).toBe(false);
    }
  });
});

test('--dry-run lists the cells in their order and writes nothing; --only takes what its parts need', async () => {
  const all = jsonOf(await shiftaddnas(...quick('dry'), '--dry-run', '--json')).cells;
  expect(all[0].id).toBe('glyphs/supernet/none/short/0');
  const only = jsonOf(
    await shiftaddnas(...quick('dry'), '--only', 'algorithms', '--dry-run', '--json'),
  ).cells;
  expect(only.map(({ kind }: { kind: string }) => kind)).toEqual(['supernet', 'algorithm', 'algorithm']);
  expect(fs.existsSync(join(folder, 'dry'))).toBe(false);
});

test('a budget that is too short for any cell begins none', async () => {
  const outcome = jsonOf(await shiftaddnas(...quick('short'), '--budget', '0.1s', '--json'));
  expect(outcome).toMatchObject({ finished: 0, cells: [] });
  expect(outcome.left).toBeGreaterThan(10);
});

test('a folder keeps its sizes', async () => {
  const { code, stderr } = await shiftaddnas(...quick('short'), '--images', '600');
  expect(code).toBe(1);
  expect(stderr).toContain('holds other sizes than this command; give those, or choose another folder');
});

test.each([
  [['study', 'pictures'], /a study is one of images, but got "pictures"/],
  [['study', 'images', '--quick', '--only', 'sharin'], /did you mean sharing/],
  [['study', 'images', '--quick', '--budget', 'long'], /a budget is a time such as 75m/],
  [['study', 'images', '--quick', '--seeds', '1,1'], /--seeds lists different whole numbers/],
])('%j is refused in one sentence', async (args, sentence) => {
  const { code, stderr } = await shiftaddnas(...args, '--out', join(folder, 'refused'));
  expect(code).toBe(2);
  expect(stderr).toMatch(sentence);
  expect(fs.existsSync(join(folder, 'refused'))).toBe(false);
});
