/** Exports as other programs read them: each format is read back here by its published rules. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ShiftAddError } from '../../core/errors.ts';
import { OPERATOR_NAMES } from '../../operators/names.ts';
import { front } from '../../search/front.ts';
import { parse } from '../../spaces/genotype.ts';
import { readArchitectures } from '../architectures.ts';
import { writeSyntheticRun } from '../report/synthetic-run.ts';
import { csvFiles } from './csv.ts';
import { exportRun } from './export.ts';
import { optunaJournal } from './optuna.ts';
import { crc32c, eventFile, maskedCrc, type Scalar, scalarsOf } from './tensorboard.ts';
import { readTrace } from './trace.ts';

let folder: string;
let dir: string;

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'export-'));
  dir = join(folder, 'made up');
  writeSyntheticRun(dir, 'finished');
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const candidates = () => readArchitectures(join(dir, 'architectures.jsonl'));

describe('the trace of a run', () => {
  test('has every candidate with its search, and marks the front of each search', () => {
    const { searches, networks } = readTrace(dir);
    expect(searches.map(({ phase }) => phase)).toEqual(['search', 'search-frugal']);
    expect(searches.flatMap((search) => search.candidates.map(({ genotype }) => genotype))).toEqual(
      candidates().map(({ genotype }) => genotype),
    );
    for (const { candidates: all } of searches) {
      for (const one of all)
        expect(one.onFront).toBe(
          !all.some(
            (other) =>
              other.loss <= one.loss &&
              other.energyMj <= one.energyMj &&
              (other.loss < one.loss || other.energyMj < one.energyMj),
          ),
        );
    }
    expect(networks).toHaveLength(5);
  });
});

test('the front of a journal that names objectives is of these', () => {
  const other = join(folder, 'searched for error and latency');
  fs.cpSync(dir, other, { recursive: true });
  const path = join(other, 'journal.jsonl');
  const named = '"type":"search-started","objectives":["error","latencyMs"]';
  fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replaceAll('"type":"search-started"', named));
  const trace = readTrace(other);
  for (const { candidates: all, objectives } of trace.searches) {
    expect(objectives).toEqual(['error', 'latencyMs']);
    const expected = front(all.map(({ accuracy, latencyMs }) => [1 - accuracy, latencyMs]));
    expect(all.flatMap(({ onFront }, i) => (onFront ? [i] : []))).toEqual(expected);
  }
  const [study] = replay(optunaJournal(trace, other));
  expect([study.directions, study.system['study:metric_names']]).toEqual([
    [1, 1],
    ['error', 'latency (ms)'],
  ]);
  const { candidates: all } = trace.searches[0];
  expect(study.trials.map(({ values }) => values)).toEqual(
    all.map(({ accuracy, latencyMs }) => [1 - accuracy, latencyMs]),
  );
  const tags = new Set(scalarsOf(trace).map(({ tag }) => tag));
  for (const tag of ['search/error', 'search/latency (ms)', 'search/loss']) expect(tags).toContain(tag);
  expect(new Set(scalarsOf(readTrace(dir)).map(({ tag }) => tag))).not.toContain('search/error');
});

/** What optuna/storages/journal/_storage.py makes of the operations, for those that are written. */
interface Study {
  name: string;
  directions: number[];
  user: Record<string, unknown>;
  system: Record<string, unknown>;
  trials: Trial[];
}
interface Trial {
  state: number;
  value: number | null;
  values: number[];
  params: Record<string, string | number>;
  distributions: Record<string, string>;
  attributes: Record<string, unknown>;
  constraints: number[];
  start: number;
  complete: number;
}

function replay(text: string): Study[] {
  const studies: Study[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const log = JSON.parse(line);
    expect(typeof log.worker_id).toBe('string');
    if (log.op_code === 0) {
      expect(studies.map(({ name }) => name)).not.toContain(log.study_name);
      const { study_name: name, directions } = log;
      studies.push({ name, directions, user: {}, system: {}, trials: [] });
      continue;
    }
    const study = studies[log.study_id];
    if (log.op_code === 2) {
      expect(Object.keys(log.user_attr)).toHaveLength(1);
      Object.assign(study.user, log.user_attr);
    } else if (log.op_code === 3) Object.assign(study.system, log.system_attr);
    else if (log.op_code === 4) {
      expect(Object.keys(log.params)).toEqual(Object.keys(log.distributions));
      const params = Object.entries(log.params).map(([name, internal]) => {
        const { name: kind, attributes } = JSON.parse(log.distributions[name]);
        if (kind === 'CategoricalDistribution') return [name, attributes.choices[Number(internal)]];
        expect(kind).toBe('IntDistribution');
        expect(internal).toBeGreaterThanOrEqual(attributes.low);
        expect(internal).toBeLessThanOrEqual(attributes.high);
        return [name, internal];
      });
      study.trials.push({
        state: log.state,
        value: log.value,
        values: log.values,
        params: Object.fromEntries(params),
        distributions: log.distributions,
        attributes: log.user_attrs,
        constraints: log.system_attrs.constraints,
        start: Date.parse(log.datetime_start),
        complete: Date.parse(log.datetime_complete),
      });
    } else throw new Error(`operation ${log.op_code} is none that an export writes`);
  }
  return studies;
}

describe("Optuna's journal", () => {
  test('replays to one finished trial for each candidate, with its values, layers and constraint', () => {
    const [path] = exportRun(dir, 'optuna');
    expect(path).toBe(join(dir, 'optuna.journal'));
    const studies = replay(fs.readFileSync(path, 'utf8'));
    expect(studies.map(({ name }) => name)).toEqual(['made up search', 'made up search-frugal']);
    const limits = [6.2, 4.7];
    const expected = candidates();
    for (const [i, { directions, system, user, trials }] of studies.entries()) {
      expect(directions).toEqual([1, 1]);
      expect(system['study:metric_names']).toEqual(['loss', 'energy (mJ)']);
      expect(user).toMatchObject({ energyMj: limits[i], seed: 1 });
      for (const trial of trials) {
        const candidate = expected.shift()!;
        const { lengths, operators } = parse(candidate.genotype);
        expect(trial).toMatchObject({ state: 1, value: null, values: [candidate.loss, candidate.energyMj] });
        expect(trial.attributes).toMatchObject({
          genotype: candidate.genotype,
          accuracy: candidate.accuracy,
        });
        expect(trial.constraints).toEqual([candidate.energyMj - limits[i]]);
        expect(trial.complete).toBeGreaterThanOrEqual(trial.start);
        const layers = Object.entries(trial.params).filter(([name]) => /layer\d+$/.test(name));
        expect(layers.map(([, operator]) => operator)).toEqual(operators);
        expect(lengths.map((_, stage) => trial.params[`stage${stage}.layers`])).toEqual(lengths);
      }
      // Optuna refuses a parameter whose kind or choices change from trial to trial.
      const kinds = new Map<string, string>();
      for (const { distributions } of trials)
        for (const [name, kind] of Object.entries(distributions)) {
          expect(kinds.get(name) ?? kind).toBe(kind);
          kinds.set(name, kind);
        }
      expect([...kinds.values()].some((kind) => kind.includes(JSON.stringify(OPERATOR_NAMES)))).toBe(true);
    }
    expect(expected).toEqual([]);
  });

  test.skipIf(!python('from optuna.storages.journal import JournalFileBackend'))(
    'is read by Optuna itself (needs Python with optuna)',
    () => {
      const copy = join(folder, 'for-optuna.journal');
      fs.copyFileSync(exportRun(dir, 'optuna')[0], copy);
      const program = `
import optuna, json, sys
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name="made up search", storage=storage)
print(json.dumps({"front": [t.user_attrs["genotype"] for t in study.best_trials], "trials": len(study.trials)}))`;
      const found = JSON.parse(python(program, copy) || '{}');
      const [{ candidates: all, limits }] = readTrace(dir).searches;
      const within = all.filter(({ energyMj }) => energyMj <= Number(limits.energyMj));
      // Optuna's front is that of the trials whose constraints hold.
      const expected = front(within.map(({ loss, energyMj }) => [loss, energyMj]));
      expect(found.trials).toBe(all.length);
      expect([...found.front].sort()).toEqual(expected.map((i) => within[i].genotype).sort());
    },
  );

  test('of a run without a search is refused, with what to do', () => {
    const begun = join(folder, 'begun');
    writeSyntheticRun(begun, 'begun');
    expect(() => exportRun(begun, 'optuna')).toThrow(ShiftAddError);
    expect(() => exportRun(begun, 'optuna')).toThrow(/has no search to export.*--export csv/);
    expect(exportRun(begun, 'csv')).toHaveLength(3);
  });
});

/** What a Python program prints; undefined where it fails or there is no Python. */
function python(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', program, ...args], { encoding: 'utf8' });
  return status === 0 ? stdout || ' ' : undefined;
}

/** Reads TFRecords and the few fields of Event that scalars have; throws where a checksum is wrong. */
function readEvents(file: Uint8Array): { version?: string; scalars: Scalar[] } {
  const data = Buffer.from(file);
  const scalars: Scalar[] = [];
  let version: string | undefined;
  for (let at = 0; at < data.length; ) {
    const length = Number(data.readBigUInt64LE(at));
    if (data.readUInt32LE(at + 8) !== maskedCrc(data.subarray(at, at + 8))) throw new Error('length damaged');
    const body = data.subarray(at + 12, at + 12 + length);
    if (data.readUInt32LE(at + 12 + length) !== maskedCrc(body)) throw new Error('data damaged');
    at += length + 16;
    const event = fields(body);
    const wall = event.get(1) as number;
    if (event.has(3)) version = String(event.get(3));
    if (!event.has(5)) continue;
    const value = fields(fields(event.get(5) as Buffer).get(1) as Buffer);
    scalars.push({
      at: wall,
      step: (event.get(2) as number | undefined) ?? 0,
      tag: String(value.get(1)),
      value: value.get(2) as number,
    });
  }
  return { ...(version === undefined ? {} : { version }), scalars };
}

/** Fields of a protocol buffer, by the wire types 0, 1, 2 and 5 (protobuf.dev/programming-guides/encoding). */
function fields(data: Buffer): Map<number, number | Buffer> {
  const found = new Map<number, number | Buffer>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = data[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const tag = varint();
    const [field, wire] = [tag >> 3, tag & 7];
    if (wire === 0) found.set(field, varint());
    else if (wire === 1) found.set(field, data.readDoubleLE((at += 8) - 8));
    else if (wire === 5) found.set(field, data.readFloatLE((at += 4) - 4));
    else if (wire === 2) {
      const length = varint();
      found.set(field, data.subarray(at, at + length));
      at += length;
    } else throw new Error(`wire type ${wire}`);
  }
  return found;
}

describe('TensorBoard event files', () => {
  test('CRC-32C of the vectors in RFC 3720, appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  test('read back what was written', () => {
    const scalar = fc.record({
      at: fc.double({ min: 0, max: 2e9, noNaN: true }),
      step: fc.nat(2 ** 40),
      tag: fc.string({ unit: 'binary', maxLength: 300 }),
      value: fc.float({ noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 5 }), (scalars) => {
        expect(readEvents(eventFile(scalars))).toEqual({ version: 'brain.Event:2', scalars });
      }),
    );
  });

  const reader = 'from tensorboard.backend.event_processing.event_accumulator import EventAccumulator';
  test.skipIf(!python(reader))('are read by TensorBoard itself (needs Python with tensorboard)', () => {
    const [path] = exportRun(dir, 'tensorboard');
    const program = `${reader}
import json, sys
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0}); events.Reload()
print(json.dumps([[e.step, e.value] for e in events.Scalars("search/loss")]))`;
    const { scalars } = readEvents(fs.readFileSync(path));
    const expected = scalars
      .filter(({ tag }) => tag === 'search/loss')
      .map(({ step, value }) => [step, value]);
    expect(JSON.parse(python(program, path) ?? '')).toEqual(expected);
  });

  test('of a run hold its curves', () => {
    const [path] = exportRun(dir, 'tensorboard');
    expect(path).toMatch(/events\.out\.tfevents/);
    const { scalars } = readEvents(fs.readFileSync(path));
    const of = (tag: string) => scalars.filter((scalar) => scalar.tag === tag);
    const losses = of('search/loss');
    const expected = candidates().slice(0, losses.length);
    expect(losses).toHaveLength(400);
    expect(losses.map(({ value }) => value)).toEqual(expected.map(({ loss }) => Math.fround(loss)));
    expect(losses.map(({ step }) => step)).toEqual(losses.map((_, i) => i + 1));
    expect(of('search/lowest loss').at(-1)?.value).toBe(
      Math.fround(Math.min(...expected.map(({ loss }) => loss))),
    );
    expect(of('supernet/loss')).toHaveLength(200);
    expect(of('supernet/held-out accuracy')).toHaveLength(8);
    expect(of('search-frugal/front size')).toHaveLength(4);
    const seconds = losses[1].at - losses[0].at;
    expect(seconds).toBeCloseTo(0.7, 3);
  });
});

/** RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted]: [string[], string, boolean] = [[], '', false];
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') cell += text[i++];
      else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ',') {
      row.push(cell);
      cell = '';
    } else if (letter === '\r' && text[i + 1] === '\n') {
      rows.push([...row, cell]);
      [row, cell] = [[], ''];
      i++;
    } else cell += letter;
  }
  return rows;
}

describe('tables', () => {
  test('read back as the candidates, to the last digit', () => {
    const paths = exportRun(dir, 'csv');
    expect(paths.map((path) => path.slice(dir.length + 1))).toEqual(
      ['candidates', 'networks', 'epochs'].map((name) => join('csv', `${name}.csv`)),
    );
    const [head, ...rows] = readCsv(fs.readFileSync(paths[0], 'utf8'));
    const column = (name: string) => rows.map((row) => row[head.indexOf(name)]);
    const expected = candidates();
    expect(column('genotype')).toEqual(expected.map(({ genotype }) => genotype));
    for (const name of ['loss', 'accuracy', 'energyMj', 'latencyMs', 'params', 'macs'] as const)
      expect(column(name).map(Number)).toEqual(expected.map((one) => one[name]));
    const [networkHead, ...networks] = readCsv(fs.readFileSync(paths[1], 'utf8'));
    expect(networks.map((row) => row[networkHead.indexOf('role')])).toEqual([
      'candidate',
      'candidate',
      'baseline',
      'baseline',
      'baseline',
    ]);
    expect(readCsv(fs.readFileSync(paths[2], 'utf8'))).toHaveLength(1 + 8 * 6);
  });

  test('quote what would break them', () => {
    const trace = readTrace(dir);
    const [first] = trace.networks;
    const name = 'a,"b"\r\nc';
    const odd = { ...trace, networks: [{ ...first, event: { ...first.event, name } }] };
    expect(readCsv(csvFiles(odd).get('networks.csv') ?? '')[1][0]).toBe(name);
  });
});
