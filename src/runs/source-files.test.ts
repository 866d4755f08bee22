/** A run goes on with the files it began with, or not at all. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRun, readDescription, resumeRun } from './folder.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'source-files-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  fs.mkdirSync(join(path, '..'), { recursive: true });
  fs.writeFileSync(path, text);
  return path;
}

/** A run with these settings, begun and left. */
function begin(config: Readonly<Record<string, unknown>>): string {
  const dir = join(folder, 'run');
  createRun(dir, { command: 'search', config }).close();
  return dir;
}

const goOn = (dir: string) => resumeRun(dir).close();

/** What settings say for a file called `name`, and where the file then is. */
const KINDS: readonly [setting: string, flag: string, value: (at: string) => unknown, name: string][] = [
  ['space', '--space', (at) => join(at, 'space.json'), 'space.json'],
  ['accelerator', '--accelerator', (at) => join(at, 'chip.json'), 'chip.json'],
  ['latency', '--latency', (at) => join(at, 'predictor'), 'predictor'],
  ['distill', '--distill', (at) => join(at, 'teacher'), 'teacher/weights.safetensors'],
  ['distill', '--distill', (at) => join(at, 'teacher'), 'teacher/winner/architecture.json'],
  ['weights', '--weights', (at) => join(at, 'start.safetensors'), 'start.safetensors'],
  ['network', '--network', (at) => join(at, 'trained'), 'trained/architecture.json'],
  ['network', '--network', (at) => join(at, 'trained/architecture.json'), 'trained/architecture.json'],
  ['networks', '--networks', (at) => ['resnet-20', join(at, 'won')], 'won/winner/architecture.json'],
];

describe.each(KINDS)('%s with %s', (setting, flag, value, name) => {
  const started = () => {
    if (setting === 'distill' && !name.includes('winner')) write('teacher/architecture.json', '{}');
    const path = write(name, 'as it was');
    return { path, dir: begin({ seed: 3, [setting]: value(folder) }) };
  };

  test(`${name}: the same file goes on, another is named, and so is one that is gone`, () => {
    const { path, dir } = started();
    goOn(dir);
    fs.writeFileSync(path, 'as it is now');
    expect(() => goOn(dir)).toThrow(
      `${dir} goes on with the files that it began with, but ${path} (${flag}) has changed since; put the file back`,
    );
    fs.rmSync(path);
    expect(() => goOn(dir)).toThrow(`${path} (${flag}) cannot be read from here`);
    fs.writeFileSync(path, 'as it was');
    goOn(dir);
  });
});

test('a refused run can be taken by another process: its lock is free', () => {
  const space = write('space.json', 'a');
  const dir = begin({ space });
  fs.writeFileSync(space, 'b');
  expect(() => goOn(dir)).toThrow(/has changed/);
  expect(fs.existsSync(join(dir, 'run.lock'))).toBe(false);
});

test('names of the program, and settings that a run has copied, have no file', () => {
  const bits = write('bits.json', '[]');
  const settings = { space: 'cifar', accelerator: 'released', latency: 'model', distill: 'none' };
  const dir = begin({ ...settings, bitExceptions: 'stem=8/8', subwords: bits, network: 'resnet-20' });
  expect(JSON.parse(fs.readFileSync(join(dir, 'config.json'), 'utf8')).files).toEqual([]);
  fs.rmSync(bits);
  goOn(dir);
});

test('a run of an earlier version keeps no sums and goes on', () => {
  const space = write('space.json', 'a');
  const dir = begin({ space });
  const { files, ...earlier } = JSON.parse(fs.readFileSync(join(dir, 'config.json'), 'utf8'));
  expect(files).toHaveLength(1);
  fs.writeFileSync(join(dir, 'config.json'), JSON.stringify(earlier));
  fs.writeFileSync(space, 'b');
  goOn(dir);
});

test('a list of files that is damaged is refused', () => {
  const dir = begin({ seed: 1 });
  const config = JSON.parse(fs.readFileSync(join(dir, 'config.json'), 'utf8'));
  fs.writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, files: [{ path: 3 }] }));
  expect(() => readDescription(dir)).toThrow(/config\.json is damaged/);
});
