/** Killed anywhere and resumed, a search ends in the same bytes as one that was never interrupted. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import { SAVE_EVERY } from './run-session.ts';
import { compiledProgram, type Running, start } from './testing/program.ts';
import { journalWithoutClock, runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

let folder: string;
let program: string;
let data: string;
let uninterrupted: ReturnType<typeof runBytes>;

const settings = () => ['--preset', 'smoke', '--data', data, '--seed', '3', ...QUICK];
const often = { [SAVE_EVERY]: '0' };
/** Seeds of the moments of the kills; RESUME_DRAWS="2 3 4" looks further than the suite has time for. */
const DRAWS = (process.env.RESUME_DRAWS ?? '1').split(' ').map(Number);
/** Several processes one after the other, on a machine that may be busy. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'resume-'));
  program = await compiledProgram();
  data = writeTinyIdx(join(folder, 'data'));
  const out = join(folder, 'uninterrupted');
  const { code, stderr } = await start(program, ['search', ...settings(), '--out', out, '--threads', '1'])
    .ended;
  expect(stderr).toContain('finished after');
  expect(code).toBe(0);
  uninterrupted = runBytes(out);
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function journal(out: string): string {
  return journalWithoutClock(fs.readFileSync(join(out, 'journal.jsonl'), 'utf8'));
}

/** Starts the run, or goes on with it where there is one. */
function go(out: string): Running {
  const begun = fs.existsSync(join(out, 'config.json'));
  return start(program, begun ? ['search', '--resume', out] : ['search', ...settings(), '--out', out], often);
}

/** Resolves after `count` changes in the run's checkpoints: a change is a file made, renamed or written to. */
async function checkpointChanges(out: string, count: number, ended: Promise<unknown>): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const seen = () => {
    try {
      return fs
        .readdirSync(join(out, 'checkpoints'))
        .map(
          (name) =>
            `${name}${fs.statSync(join(out, 'checkpoints', name), { throwIfNoEntry: false })?.mtimeMs}`,
        )
        .join();
    } catch {
      return '';
    }
  };
  let last = seen();
  for (let changes = 0; changes < count && !over; ) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = seen();
    if (now !== last) changes++;
    last = now;
  }
}

describe('a search that is killed', () => {
  test.each(DRAWS)('at random moments, draw %d, ends in the same bytes', async (draw) => {
    const random = Random.fromSeed(`kills ${draw}`);
    const out = join(folder, `killed-${draw}`);
    let kills = 0;
    let finished = false;
    while (!finished) {
      const { child, ended } = go(out);
      if (kills < 6) {
        // The first two fall into the start of a process, at any time; the others among the checkpoints it writes.
        if (kills < 2) await new Promise((resolve) => setTimeout(resolve, random.uniform(50, 700)));
        else await checkpointChanges(out, 1 + random.integer(16), ended);
        child.kill('SIGKILL');
      }
      const { code, signal, stderr } = await ended;
      if (signal === 'SIGKILL') kills++;
      else {
        expect(code, stderr).toBe(0);
        finished = true;
      }
    }
    expect(kills).toBeGreaterThanOrEqual(3); // fewer than tried if a process ends before it is hit
    expect(runBytes(out)).toEqual(uninterrupted);
    expect(fs.readFileSync(join(out, 'report.html'), 'utf8')).toContain('</html>');
    const leftovers = fs
      .readdirSync(out, { recursive: true })
      .filter((name) => /\.tmp$|\.lock$/.test(String(name)));
    expect(leftovers).toEqual([]);
  });
});

test('a training that is killed ends in the same bytes', async () => {
  const [whole, killed] = [join(folder, 'train-whole'), join(folder, 'train-killed')];
  const args = ['train', '--network', '1-2:s|ad', ...settings()];
  expect((await start(program, [...args, '--out', whole]).ended).code).toBe(0);
  const { child, ended } = start(program, [...args, '--out', killed], often);
  await checkpointChanges(killed, 1, ended);
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
  const resumed = await start(program, ['train', '--resume', killed, '--json']).ended;
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(resumed.stdout)).toMatchObject({ epochs: 2, runDir: killed });
  expect(runBytes(killed)).toEqual(runBytes(whole));
});

test('a comparison that is killed ends in the same rows and the same weights', async () => {
  const [whole, killed] = [join(folder, 'compared-whole'), join(folder, 'compared-killed')];
  const networks = 'resnet-20@0.125,adder-vgg-small@0.05,1-2:s|ad';
  const args = ['compare', '--networks', networks, '--seeds', '3,4', ...settings()];
  expect((await start(program, [...args, '--out', whole]).ended).code).toBe(0);
  for (const changes of [2, 9]) {
    const again = fs.existsSync(join(killed, 'config.json'));
    const { child, ended } = start(
      program,
      again ? ['compare', '--resume', killed] : [...args, '--out', killed],
      often,
    );
    await checkpointChanges(killed, changes, ended);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
  }
  const resumed = await start(program, ['compare', '--resume', killed, '--json']).ended;
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(resumed.stdout).rows).toHaveLength(3);
  const files = ['comparison.json', 'resnet-20-0-125', 'adder-vgg-small-0-05', '1-2-s-ad'].map((name) =>
    name.endsWith('.json') ? name : join('networks', name, 'weights.safetensors'),
  );
  for (const file of files) {
    expect(fs.readFileSync(join(killed, file)).equals(fs.readFileSync(join(whole, file))), file).toBe(true);
  }
  expect(journal(killed)).toEqual(journal(whole));
});

test('a search that is stopped by Ctrl-C says how to go on, exits with 130 and ends in the same bytes', async () => {
  const out = join(folder, 'stopped');
  for (const changes of [3, 12]) {
    const { child, ended } = go(out);
    await checkpointChanges(out, changes, ended);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    const sentences = stderr.split('\n').filter((line) => line.startsWith('shiftaddnas: '));
    expect(sentences).toEqual([`shiftaddnas: stopped; go on with: shiftaddnas search --resume ${out}`]);
    expect(stderr.split(`--resume ${out}`)).toHaveLength(2);
    const last = fs.readFileSync(join(out, 'journal.jsonl'), 'utf8').trimEnd().split('\n').at(-1);
    expect(JSON.parse(last ?? '')).toMatchObject({ type: 'run-ended', outcome: 'interrupted' });
  }
  expect((await go(out).ended).code).toBe(0);
  expect(runBytes(out)).toEqual(uninterrupted);
  // A finished run can be resumed too: nothing is left to do, and nothing changes.
  expect((await go(out).ended).code).toBe(0);
  expect(runBytes(out)).toEqual(uninterrupted);
});

test('the number of threads does not change a byte', async () => {
  const out = join(folder, 'threads');
  const { code } = await start(program, ['search', ...settings(), '--out', out, '--threads', '2']).ended;
  expect(code).toBe(0);
  expect(runBytes(out)).toEqual(uninterrupted);
});
