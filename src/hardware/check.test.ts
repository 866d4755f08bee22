import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { acceleratorJsonSchema } from './accelerator.ts';
import { ACCELERATORS, findAccelerator, released } from './accelerators/index.ts';
import { loadAccelerator, parseAccelerator } from './check.ts';

type Table = Record<string, unknown>;

/** The released accelerator with one entry set (undefined: removed), ready to be checked. */
const edited = (path: string, value?: unknown) => {
  const copy = structuredClone(released) as unknown as Table;
  const steps = path.split('.');
  const last = steps.pop() as string;
  const table = steps.reduce((at, step) => at[step] as Table, copy);
  if (value === undefined) delete table[last];
  else table[last] = value;
  return () => parseAccelerator(copy, 'mine.json');
};

test('every accelerator of the package is valid and survives JSON', () => {
  for (const accelerator of ACCELERATORS) {
    expect(parseAccelerator(JSON.parse(JSON.stringify(accelerator)))).toEqual(accelerator);
  }
});

test('an unknown entry names itself and the nearest', () => {
  expect(edited('clockMhz', 1)).toThrow('mine.json: unknown entry "clockMhz"; did you mean "clockMHz"?');
  expect(edited('switches.addMemry', 'free')).toThrow(/"switches.addMemry"; did you mean "addMemory"/);
  expect(edited('units.32.multiplly', 1)).toThrow(/"units.32.multiplly"; did you mean "multiply"/);
  expect(edited('memory.outer.0.wrds', 1)).toThrow(/"memory.outer.0.wrds"; did you mean "words"/);
});

test('a negative energy, a missing entry and a wrong choice are named', () => {
  expect(edited('units.32.add', -0.9)).toThrow(
    /"units.32.add" must be valid, but is -0.9.*nearest valid value is 0/,
  );
  expect(edited('units.8.shift')).toThrow(
    /entry "units.8.shift" is missing; add it; the nearest one there is "units.32.shift" with 0.13/,
  );
  expect(edited('units')).toThrow(/entry "units" is missing/);
  expect(edited('switches.addMemory')).toThrow(
    /"switches.addMemory" is missing; add it as one of free, charged/,
  );
  expect(edited('units.32', { multiplly: 3.7, add: 0.9, shift: 0.1 })).toThrow(/did you mean "multiply"/);
  expect(edited('switches.addMemory', 'fre')).toThrow(/"switches.addMemory".*"fre"; use free \(one of/);
  expect(edited('formats.8')).toThrow(/no entry formats.8: it is described at 32 bits/);
});

test('a text for a number, a fraction, a value in the wrong unit and an empty list say what would be valid', () => {
  expect(edited('units.32.add', '0.9')).toThrow(/is "0.9"; the nearest valid value is the number 0.9/);
  expect(edited('processingElements', 1.6)).toThrow(/is 1.6; the nearest valid value is 2/);
  expect(edited('memory.globalBuffer', 1e308)).toThrow(/nearest valid value is 1000000000/);
  expect(edited('memory.outer', [])).toThrow(/it needs at least 1 entry/);
  expect(edited('units.narrow', { multiply: 1, add: 1, shift: 1 })).toThrow(/whole numbers for its keys/);
  expect(() => parseAccelerator([], 'mine.json')).toThrow(/is a JSON object, but this is a list/);
  expect(() => parseAccelerator(null, 'mine.json')).toThrow(/is a JSON object, but this is null/);
});

test('no two levels have one name', () => {
  const twice = [released.memory.outer[0], { name: 'DRAM', energy: 9, words: 1 << 20 }];
  expect(edited('memory.outer', twice)).toThrow(/"memory.outer.1.name".*"DRAM" is taken; call it "DRAM 2"/);
  expect(edited('memory.outer.0.name', 'GB')).toThrow(/"GB" is taken/);
});

test('stalls need a bandwidth, and inner levels a size', () => {
  expect(edited('switches.bandwidthStalls', 'charged')).toThrow(/bandwidth must be given/);
  expect(edited('memory.outer.1', { name: 'L2', energy: 9 })).toThrow(/memory.outer.1.words must be given/);
});

test('files: missing, not JSON, good', () => {
  const folder = mkdtempSync(join(tmpdir(), 'accelerator-'));
  try {
    expect(() => loadAccelerator(join(folder, 'none.json'))).toThrow(/cannot be read/);
    writeFileSync(join(folder, 'bad.json'), '{');
    expect(() => loadAccelerator(join(folder, 'bad.json'))).toThrow(/is not JSON/);
    writeFileSync(join(folder, 'good.json'), JSON.stringify({ ...released, name: 'good' }));
    expect(findAccelerator(join(folder, 'good.json')).name).toBe('good');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('docs/accelerator.schema.json is the schema that files are checked against', () => {
  const file = new URL('../../docs/accelerator.schema.json', import.meta.url);
  const written = JSON.parse(readFileSync(file, 'utf8'));
  expect(written, 'write acceleratorJsonSchema() to docs/accelerator.schema.json').toEqual(
    JSON.parse(JSON.stringify(acceleratorJsonSchema())),
  );
});

test.each(ACCELERATORS.map((accelerator) => [accelerator.name, accelerator] as const))(
  'docs/accelerators/%s.json is the accelerator of that name, ready to be copied',
  (name, accelerator) => {
    const file = fileURLToPath(new URL(`../../docs/accelerators/${name}.json`, import.meta.url));
    const { $schema, ...written } = loadAccelerator(file);
    expect($schema).toBe('../accelerator.schema.json');
    expect(written, `write the record to docs/accelerators/${name}.json`).toEqual(accelerator);
  },
);

test('the JSON schema lists every switch', () => {
  const schema = acceleratorJsonSchema() as { properties: { switches: { properties: object } } };
  expect(Object.keys(schema.properties.switches.properties)).toEqual(Object.keys(released.switches));
});
