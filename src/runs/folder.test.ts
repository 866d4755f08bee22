import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownerText } from '../core/lock.ts';
import { createRun, readDescription, resumeRun, runPaths } from './folder.ts';

let parent: string;
let dir: string;
beforeEach(() => {
  parent = fs.mkdtempSync(join(tmpdir(), 'folder-'));
  dir = join(parent, 'a', 'run');
});
afterEach(() => {
  fs.rmSync(parent, { recursive: true, force: true });
});

const description = { command: 'search', config: { seed: 3, data: 'glyphs' } };

describe('run folder', () => {
  test('is created with its config, and resumed with it', () => {
    const run = createRun(dir, description);
    expect(fs.existsSync(run.checkpoints) && fs.existsSync(run.winner)).toBe(true);
    run.close();
    expect(fs.existsSync(run.lock)).toBe(false);
    const again = resumeRun(dir);
    expect(again.description).toEqual(description);
    again.close();
  });

  test('refuses a folder with a run, and says how to go on', () => {
    createRun(dir, description).close();
    expect(() => createRun(dir, description)).toThrow(
      /already holds a search run; go on with it by --resume/,
    );
  });

  test('refuses a folder that belongs to something else, a file, and a foreign config.json', () => {
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(join(dir, 'thesis.tex'), '');
    expect(() => createRun(dir, description)).toThrow(
      /holds other files \(thesis\.tex\); choose a new or empty/,
    );
    expect(() => resumeRun(dir)).toThrow(/is not a run: it has no config\.json/);
    fs.writeFileSync(join(dir, 'config.json'), '{"compilerOptions":{}}');
    expect(() => createRun(dir, description)).toThrow(/holds other files/);
    expect(() => resumeRun(dir)).toThrow(/does not belong to a run of this program/);
    expect(() => createRun(join(dir, 'thesis.tex'), description)).toThrow(/thesis\.tex is a file/);
    expect(fs.readdirSync(dir).sort()).toEqual(['config.json', 'thesis.tex']);
  });

  test('says what is wrong with a config.json, and that a folder is not there', () => {
    expect(() => readDescription(dir)).toThrow(/there is no such folder/);
    createRun(dir, description).close();
    const { config } = runPaths(dir);
    fs.writeFileSync(config, '{');
    expect(() => resumeRun(dir)).toThrow(/is damaged: it is not JSON/);
    fs.writeFileSync(config, '{"format":"shiftaddnas-run","schema":9}');
    expect(() => resumeRun(dir)).toThrow(/has schema 9, and 1 is read/);
  });

  test('a run killed before its config was written can be started again in the same folder', () => {
    fs.mkdirSync(join(dir, 'checkpoints'), { recursive: true });
    fs.writeFileSync(join(dir, 'config.json.1234.tmp'), '{"for');
    fs.writeFileSync(
      join(dir, 'run.lock'),
      JSON.stringify({ pid: goneProcess(), host: hostname(), born: '' }),
    );
    createRun(dir, description).close();
    resumeRun(dir).close();
    expect(fs.readdirSync(dir).sort()).toEqual(['checkpoints', 'config.json', 'winner']);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is a disk error', () => {
    fs.chmodSync(parent, 0o500);
    expect(() => createRun(dir, description)).toThrow(/permission is denied/);
    fs.chmodSync(parent, 0o700);
  });
});

/** The number of a process that existed and is gone. */
function goneProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('lock', () => {
  test('two writers of one run: the second is told who the first is', () => {
    const run = createRun(dir, description);
    expect(() => resumeRun(dir)).toThrow(
      new RegExp(`being written by process ${process.pid} on .*delete .*run\\.lock`),
    );
    run.close();
    resumeRun(dir).close();
  });

  test('another living process holds it; once that is killed the lock is taken over', async () => {
    createRun(dir, description).close();
    const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const gone = new Promise((resolve) => owner.once('exit', resolve));
    try {
      fs.writeFileSync(runPaths(dir).lock, ownerText(owner.pid!));
      expect(() => resumeRun(dir)).toThrow(`process ${owner.pid} `);
    } finally {
      owner.kill('SIGKILL');
      await gone;
    }
    resumeRun(dir).close();
  });

  test('a lock of a process whose number was given to another one is stale', () => {
    createRun(dir, description).close();
    const lock = { pid: process.pid, host: hostname(), born: 'another-boot:1' };
    fs.writeFileSync(runPaths(dir).lock, JSON.stringify(lock));
    resumeRun(dir).close();
    expect(fs.existsSync(runPaths(dir).lock)).toBe(false);
  });

  test('a lock from another machine is never taken over', () => {
    createRun(dir, description).close();
    fs.writeFileSync(runPaths(dir).lock, JSON.stringify({ pid: 1, host: 'elsewhere', born: '' }));
    expect(() => resumeRun(dir)).toThrow(/process 1 on elsewhere/);
  });

  test('an empty lock is respected while it is young and taken over when it is old', () => {
    createRun(dir, description).close();
    const { lock } = runPaths(dir);
    fs.writeFileSync(lock, '');
    expect(() => resumeRun(dir)).toThrow(/another process/);
    fs.utimesSync(lock, new Date(0), new Date(0));
    resumeRun(dir).close();
  });
});
