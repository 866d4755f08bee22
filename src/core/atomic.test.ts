import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileSystem, writeFileAtomic } from './atomic.ts';
import { ShiftAddError } from './errors.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function failing(code: string, call: 'openSync' | 'writeSync' | 'fsyncSync' | 'renameSync'): FileSystem {
  return {
    ...fs,
    [call]: () => {
      throw Object.assign(new Error(`${code}: failed on purpose`), { code });
    },
  };
}

function thrownBy(action: () => void): ShiftAddError {
  try {
    action();
  } catch (error) {
    if (error instanceof ShiftAddError) return error;
    throw error;
  }
  throw new Error('expected a ShiftAddError');
}

describe('writeFileAtomic', () => {
  test('writes text and bytes, replaces the earlier file and leaves nothing beside it', () => {
    const path = join(folder, 'a.json');
    writeFileAtomic(path, 'één');
    expect(fs.readFileSync(path, 'utf8')).toBe('één');
    writeFileAtomic(path, new Uint8Array([1, 2, 3]));
    expect([...fs.readFileSync(path)]).toEqual([1, 2, 3]);
    expect(fs.readdirSync(folder)).toEqual(['a.json']);
  });

  test('keeps the earlier file under another name when asked, and does not mind if there is none', () => {
    const path = join(folder, 'a');
    writeFileAtomic(path, 'one', { keepPrevious: `${path}.prev` });
    expect(fs.existsSync(`${path}.prev`)).toBe(false);
    writeFileAtomic(path, 'two', { keepPrevious: `${path}.prev` });
    expect(fs.readFileSync(`${path}.prev`, 'utf8')).toBe('one');
    expect(fs.readFileSync(path, 'utf8')).toBe('two');
  });

  test.each([
    ['ENOSPC', 'writeSync', /no space is left.*ENOSPC.*free some space/],
    ['ENOSPC', 'fsyncSync', /no space is left/],
    ['EACCES', 'openSync', /permission is denied.*another folder/],
    ['EROFS', 'openSync', /read-only.*another disk/],
    ['EACCES', 'renameSync', /permission is denied/],
    ['EWEIRD', 'writeSync', /failed on purpose.*EWEIRD/],
  ] as const)('%s in %s is one sentence; the earlier file stays, no leftovers', (code, call, sentence) => {
    const path = join(folder, 'a');
    fs.writeFileSync(path, 'earlier');
    const error = thrownBy(() => writeFileAtomic(path, 'new', { fileSystem: failing(code, call) }));
    expect(error.code).toBe('disk');
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('\n');
    expect(fs.readFileSync(path, 'utf8')).toBe('earlier');
    expect(fs.readdirSync(folder)).toEqual(['a']);
  });

  test('a write that takes a few bytes at a time is finished', () => {
    const path = join(folder, 'a');
    const slow = {
      ...fs,
      writeSync: (file: number, data: Uint8Array, offset: number, length: number) =>
        fs.writeSync(file, data, offset, Math.min(3, length)),
    } as unknown as FileSystem;
    writeFileAtomic(path, 'a longer text', { fileSystem: slow });
    expect(fs.readFileSync(path, 'utf8')).toBe('a longer text');
  });

  test('a missing folder is named', () => {
    const error = thrownBy(() => writeFileAtomic(join(folder, 'none', 'a'), 'x'));
    expect(error.message).toMatch(/folder does not exist/);
  });

  test.skipIf(!fs.existsSync('/dev/full'))('a disk that is really full: /dev/full', () => {
    const full = { ...fs, openSync: () => fs.openSync('/dev/full', 'w') } as unknown as FileSystem;
    const error = thrownBy(() => writeFileAtomic(join(folder, 'a'), 'x', { fileSystem: full }));
    expect(error.code).toBe('disk');
    expect(error.message).toMatch(/no space is left/);
  });
});
