/** A full disk and damaged checkpoints: a sentence, and a run that still ends in the same bytes. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SAVE_EVERY } from './run-session.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { type RunBytes, runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

/** Whole runs, on a machine that may be busy or have only the slow backend. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let whole: string;
let bytes: RunBytes;
let begin: (out: string) => ReturnType<typeof shiftaddnas>;

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'damage-'));
  const data = writeTinyIdx(join(folder, 'data'));
  vi.stubEnv(SAVE_EVERY, '0');
  begin = (out) =>
    shiftaddnas(
      'search',
      '--preset',
      'smoke',
      '--data',
      data,
      '--seed',
      '5',
      ...QUICK,
      '--json',
      '--out',
      out,
    );
  whole = join(folder, 'whole');
  const outcome = await begin(whole);
  expect(outcome.stderr).toBe('');
  bytes = runBytes(whole);
});

afterAll(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true, force: true });
});

const resume = (dir: string) => shiftaddnas('search', '--resume', dir, '--json');

describe('a full disk', () => {
  // From the first file of a run on; the last writes are those of winner, result and report.
  test.each([0, 2, 25, 70])('after %d writes', async (count) => {
    const out = join(folder, `full-${count}`);
    const real = fs.writeSync;
    let left = count;
    const full = (() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }) as typeof fs.writeSync;
    const spy = vi
      .spyOn(fs, 'writeSync')
      .mockImplementation(((...args: Parameters<typeof real>) =>
        left-- > 0 ? real(...args) : full(...args)) as typeof real);
    try {
      const outcome = await begin(out);
      expect(outcome.stderr).toMatch(
        /^shiftaddnas: cannot write \S+: no space is left on the disk \(ENOSPC\); free some space and try again\n$/,
      );
      expect(outcome.code).toBe(1);
      expect(jsonOf(outcome).error).toMatchObject({ code: 'disk', fields: { system: 'ENOSPC' } });
    } finally {
      spy.mockRestore();
    }
    // Before config.json nothing has begun, and the same command starts it.
    const begun = fs.existsSync(join(out, 'config.json'));
    const { code, stderr } = await (begun ? resume(out) : begin(out));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(runBytes(out)).toEqual(bytes);
  });
});

function flipByte(path: string): void {
  const content = fs.readFileSync(path);
  content[content.length - 40] ^= 1;
  fs.writeFileSync(path, content);
}

/** Notes that a run wrote into its journal. */
function notes(dir: string): string[] {
  const lines = fs.readFileSync(join(dir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).flatMap(({ type, text }) => (type === 'note' ? [text] : []));
}

describe.each([
  ['supernet', []],
  ['search', []],
  ['retrain-all-conv', ['retrain-all-conv-measured']],
] as const)('checkpoint %s', (name, removed) => {
  /** A copy of the finished run, as if it had to do this phase again. */
  function copy(title: string): { dir: string; newest: string } {
    const dir = join(folder, `${name}-${title}`);
    fs.cpSync(whole, dir, { recursive: true });
    for (const file of removed) fs.rmSync(join(dir, 'checkpoints', `${file}.safetensors`));
    fs.rmSync(join(dir, 'result.json'));
    return { dir, newest: join(dir, 'checkpoints', `${name}.safetensors`) };
  }

  test('damaged: the one before it is used, and the run says so', async () => {
    const { dir, newest } = copy('damaged');
    flipByte(newest);
    const { code, stderr } = await resume(dir);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(notes(dir).at(-1)).toMatch(/is damaged.*; going on from the checkpoint before it, .*\.prev$/);
    expect(runBytes(dir)).toEqual(bytes);
  });

  test('cut off, and the one before it damaged: a sentence; with both deleted their phase is done again', async () => {
    const { dir, newest } = copy('both');
    fs.truncateSync(newest, 1000);
    flipByte(`${newest}.prev`);
    const { code, stderr } = await resume(dir);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^shiftaddnas: no checkpoint can be read: [^\n]*delete them[^\n]*\n$/);
    for (const file of [newest, `${newest}.prev`]) fs.rmSync(file);
    expect((await resume(dir)).stderr).toBe('');
    expect(runBytes(dir)).toEqual(bytes);
  });

  test('missing, as after a kill between the two renames of a save', async () => {
    const { dir, newest } = copy('missing');
    fs.rmSync(newest);
    expect((await resume(dir)).stderr).toBe('');
    expect(runBytes(dir)).toEqual(bytes);
  });
});
