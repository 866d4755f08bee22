import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ShiftAddError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { sourcesOf, type TensorData } from '../core/safetensors.ts';
import { ArchitectureLog, readArchitectures } from './architectures.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { Journal, readJournal } from './journal.ts';
import { JsonLines, readJsonLines } from './jsonlines.ts';
import { encodeState } from './state.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'storage-'));
});
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

const note = (text: string): RunEvent => ({ type: 'note', text });
const full = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });

describe('JSON lines', () => {
  test('a torn last line is dropped when read and cut when opened, at every length', () => {
    const path = join(dir, 'a.jsonl');
    const whole = '{"a":1}\n{"b":"é"}\n';
    const torn = Buffer.from(`${whole}{"c":3}\n`);
    for (let length = Buffer.byteLength(whole); length < torn.length; length++) {
      fs.writeFileSync(path, torn.subarray(0, length));
      expect(readJsonLines(path)).toEqual([{ a: 1 }, { b: 'é' }]);
      const file = new JsonLines(path);
      expect(file.lines).toBe(2);
      file.append({ d: 4 });
      file.close();
      expect(fs.readFileSync(path, 'utf8')).toBe(`${whole}{"d":4}\n`);
    }
  });

  test('zeros that a power cut left behind count as a torn line', () => {
    const path = join(dir, 'a.jsonl');
    fs.writeFileSync(path, '{"a":1}\n\0\0\0\0\n');
    expect(readJsonLines(path)).toEqual([{ a: 1 }]);
  });

  test('damage in the middle is an error that names the line', () => {
    const path = join(dir, 'a.jsonl');
    fs.writeFileSync(path, '{"a":1}\n{oops}\n{"b":2}\n');
    expect(() => readJsonLines(path)).toThrow(/a\.jsonl is damaged: line 2/);
    expect(() => new JsonLines(path)).toThrow(ShiftAddError);
  });

  test('truncateTo keeps the first lines, goes on from there, and reports lines that are missing', () => {
    const path = join(dir, 'a.jsonl');
    const file = new JsonLines(path);
    for (let i = 0; i < 5; i++) file.append({ i });
    expect(file.truncateTo(2)).toBe(0);
    file.append({ again: true });
    expect(readJsonLines(path)).toEqual([{ i: 0 }, { i: 1 }, { again: true }]);
    expect(file.truncateTo(10)).toBe(7);
    expect(file.lines).toBe(3);
    file.close();
  });

  test('a full disk in the middle of a line is a disk error, and the file ends with the line before', () => {
    const path = join(dir, 'a.jsonl');
    let room = Number.POSITIVE_INFINITY;
    const system = {
      ...fs,
      writeSync: (file: number, data: Uint8Array, offset: number, length: number) => {
        if (room <= 0) throw full;
        const written = fs.writeSync(file, data, offset, Math.min(room, length));
        room -= written;
        return written;
      },
    } as unknown as typeof fs;
    const file = new JsonLines(path, system);
    file.append({ a: 1 });
    room = 4;
    expect(() => file.append({ b: 'longer than four' })).toThrow(/cannot write .*a\.jsonl: no space is left/);
    expect(fs.readFileSync(path, 'utf8')).toBe('{"a":1}\n');
    room = 100;
    file.append({ c: 3 });
    file.close();
    expect(readJsonLines(path)).toEqual([{ a: 1 }, { c: 3 }]);
  });
});

describe('journal', () => {
  const step: RunEvent = {
    type: 'train-step',
    phase: 'supernet',
    step: 1,
    steps: 10,
    loss: 2.25,
    rate: 0.001,
    imagesPerSecond: 812,
  };

  test('events come back as they went; what the clock decides stands in `time` only', () => {
    const path = join(dir, 'journal.jsonl');
    const journal = new Journal(path, () => new Date(0));
    journal.record(step);
    journal.record({ type: 'phase-ended', phase: 'supernet', seconds: 3.5 });
    journal.close();
    const [first] = fs.readFileSync(path, 'utf8').split('\n');
    expect(first).toBe(
      '{"type":"train-step","phase":"supernet","step":1,"steps":10,"loss":2.25,"rate":0.001,"time":{"at":"1970-01-01T00:00:00.000Z","imagesPerSecond":812}}',
    );
    const entries = readJournal(path);
    expect(entries[0]).toEqual({ event: step, at: '1970-01-01T00:00:00.000Z' });
    expect(entries[1].event).toEqual({ type: 'phase-ended', phase: 'supernet', seconds: 3.5 });
  });

  test('a journal cut back to its checkpoint and continued equals one never interrupted', () => {
    const write = (name: string, plan: (journal: Journal) => void) => {
      const journal = new Journal(join(dir, name), () => new Date(0));
      plan(journal);
      journal.flush();
      journal.close();
      return fs.readFileSync(join(dir, name), 'utf8');
    };
    const notes = (texts: readonly string[]) => (journal: Journal) => {
      for (const text of texts) journal.record(note(text));
    };
    const straight = write('a', notes(['1', '2', '3']));
    write('b', notes(['1', '2', 'lost']));
    const resumed = write('b', (journal) => {
      journal.truncateTo(2);
      journal.record(note('3'));
    });
    expect(resumed).toBe(straight);
  });

  test('no journal yet is an empty one', () => {
    expect(readJournal(join(dir, 'none'))).toEqual([]);
  });

  test('candidates are written to architectures.jsonl, other events are not', () => {
    const path = join(dir, 'architectures.jsonl');
    const scores = {
      genotype: '1:c',
      loss: 1,
      accuracy: 0.5,
      energyMj: 2,
      latencyMs: 3,
      params: 4,
      macs: 5,
    };
    const log = new ArchitectureLog(path);
    log.record(note('x'));
    log.record({ type: 'candidate-scored', ...scores, index: 1, of: 9 });
    log.close();
    expect(readArchitectures(path)).toEqual([scores]);
  });
});

describe('checkpoint', () => {
  const tensors = (value: number) =>
    new Map<string, TensorData>([
      ['w', { shape: [2, 2], data: new Float32Array([value, -0, Number.NaN, 3]) }],
      ['order', { shape: [2], data: new Int32Array([7, value]) }],
    ]);
  const path = () => join(dir, 'supernet.safetensors');
  const save = (step: number) =>
    saveCheckpoint(path(), { state: { step, rate: 0.1 }, tensors: sourcesOf(tensors(step)) });

  test('comes back bit for bit; equal contents are equal bytes; none is undefined', async () => {
    expect(loadCheckpoint(path())).toBeUndefined();
    await save(1);
    const bytes = fs.readFileSync(path());
    const loaded = loadCheckpoint<{ step: number }>(path())!;
    expect(loaded.state).toEqual({ step: 1, rate: 0.1 });
    expect(loaded.tensors).toEqual(new Map([...tensors(1)].sort()));
    expect(loaded.note).toBeUndefined();
    await saveCheckpoint(path(), { state: loaded.state, tensors: sourcesOf(loaded.tensors) });
    expect(fs.readFileSync(path()).equals(bytes)).toBe(true);
  });

  test('any flipped byte is noticed, and the one before takes over with a note', async () => {
    await save(1);
    await save(2);
    const bytes = fs.readFileSync(path());
    for (let at = 0; at < bytes.length; at += 7) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 0x10;
      fs.writeFileSync(path(), damaged);
      const loaded = loadCheckpoint<{ step: number }>(path())!;
      // Padding of the header means nothing: a flip there that still parses changes nothing.
      if (loaded.note === undefined) expect(loaded.state.step).toBe(2);
      else expect([loaded.state.step, loaded.note.includes('going on from')]).toEqual([1, true]);
    }
  });

  test('cut off, emptied or gone (a kill between two renames): the one before takes over', async () => {
    await save(1);
    await save(2);
    const bytes = fs.readFileSync(path());
    for (const damage of [bytes.subarray(0, bytes.length - 1), bytes.subarray(0, 0)]) {
      fs.writeFileSync(path(), damage);
      expect(loadCheckpoint<{ step: number }>(path())).toMatchObject({ state: { step: 1 } });
    }
    fs.rmSync(path());
    expect(loadCheckpoint<{ step: number }>(path())).toMatchObject({
      state: { step: 1 },
      note: expect.stringContaining('is missing; going on'),
    });
  });

  test('both damaged is one sentence that says what to do', async () => {
    await save(1);
    await save(2);
    fs.writeFileSync(path(), 'x');
    fs.writeFileSync(`${path()}.prev`, 'y');
    expect(() => loadCheckpoint(path())).toThrow(/no checkpoint can be read: .* from a copy, or delete them/);
  });

  test('a full disk leaves both earlier checkpoints as they were', async () => {
    await save(1);
    await save(2);
    const system = {
      ...fs,
      writeSync: () => {
        throw full;
      },
    };
    const saving = saveCheckpoint(path(), { state: {}, tensors: sourcesOf(tensors(3)) }, system);
    await expect(saving).rejects.toThrow(/no space is left/);
    expect(loadCheckpoint(path())).toMatchObject({ state: { step: 2 } });
    expect(loadCheckpoint(`${path()}.prev`)).toMatchObject({ state: { step: 1 } });
    expect(fs.readdirSync(dir).sort()).toEqual(['supernet.safetensors', 'supernet.safetensors.prev']);
  });

  test('state that would not come back the same is refused with its place', () => {
    expect(() => encodeState({ a: [1, { b: Number.NaN }] })).toThrow(/internal: state\.a\[1\]\.b is NaN/);
    expect(() => encodeState({ a: new Float32Array(2) })).toThrow(/state\.a is a Float32Array/);
    expect(() => encodeState({ a: new Map() })).toThrow(/state\.a is a Map/);
    expect(() => encodeState([undefined])).toThrow(/state\[0\] is a undefined/);
    expect(encodeState({ a: null, b: undefined, c: 'x', d: true })).toBe('{"a":null,"c":"x","d":true}');
  });
});
