/** Every command as a program meets it: `--json` holds what docs/architecture.md promises, on exactly one line. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDataset } from '../data/open.ts';
import { encodePng } from '../data/png.ts';
import { COMMANDS } from './all-commands.ts';
import { json, shiftaddnas } from './testing/in-process.ts';
import { QUICK, TINY_TEST_IMAGES, writeTinyIdx } from './testing/tiny-data.ts';

/** Whole runs, on a machine that may be busy or have only the slow backend. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'commands-'));
  data = writeTinyIdx(at('data'));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const sharp = await import('sharp').then(
  () => true,
  () => false,
);

describe('a search on glyphs and what is done with its winner', () => {
  const run = () => at('glyphs');

  test('search', async () => {
    const found = await json(
      'search',
      '--preset',
      'smoke',
      '--data',
      'glyphs',
      '--seed',
      '3',
      '--out',
      run(),
    );
    const network = {
      genotype: expect.stringMatching(/^[\d-]+:[a-z|]+$/),
      accuracy: expect.any(Number),
      energyMj: expect.any(Number),
      latencyMs: expect.any(Number),
      params: expect.any(Number),
      operations: {
        multiplications: expect.any(Number),
        additions: expect.any(Number),
        shifts: expect.any(Number),
      },
    };
    expect(found.winner).toMatchObject(network);
    expect(found.baselines.map(({ name }: { name: string }) => name)).toEqual([
      'all-conv',
      'all-add',
      'all-shift',
    ]);
    for (const baseline of found.baselines) expect(baseline).toMatchObject(network);
    expect(found.front.length).toBeGreaterThan(0);
    expect(found.supernet.params).toBeLessThan(found.supernet.paramsUnshared);
    expect(found.runDir).toBe(run());
    expect(fs.readFileSync(found.report, 'utf8')).toContain('</html>');
    const [conv] = found.baselines;
    expect(found.winner.energyMj).toBeLessThanOrEqual(0.8 * conv.energyMj); // the limit of the preset
    const saved = JSON.parse(fs.readFileSync(at('glyphs', 'result.json'), 'utf8'));
    expect(saved.winner).toEqual(found.winner);
  });

  test('seed and complete settings stand in all that it prints and leaves behind, and in evaluate', async () => {
    const saved = JSON.parse(fs.readFileSync(at('glyphs', 'result.json'), 'utf8'));
    const asked = { seed: 3, config: saved.config };
    expect(saved.config).toMatchObject({ seed: 3, data: 'glyphs', rate: expect.any(Number) });
    const metrics = JSON.parse(fs.readFileSync(at('glyphs', 'winner', 'metrics.json'), 'utf8'));
    for (const one of [
      await json('search', '--resume', run()),
      metrics,
      await json('evaluate', '--run', run()),
      await json('evaluate', '--run', at('glyphs', 'winner'), '--data', 'glyphs'),
    ]) {
      expect({ seed: one.seed, config: one.config }).toEqual(asked);
    }
    const train = await json('evaluate', '--run', run(), '--split', 'train');
    expect(train).toMatchObject({ data: 'glyphs', split: 'train' });
  });

  test('search --quiet: results on stdout, nothing on stderr', async () => {
    const { code, stdout, stderr } = await shiftaddnas('search', '--resume', run(), '--quiet');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('winner: ');
  });

  test('evaluate reproduces the accuracy in metrics.json exactly', async () => {
    const metrics = JSON.parse(fs.readFileSync(at('glyphs', 'winner', 'metrics.json'), 'utf8'));
    const found = await json('evaluate', '--run', run());
    expect(found).toMatchObject({ accuracy: metrics.accuracy, examples: 1500 });
    expect((await json('evaluate', '--run', at('glyphs', 'winner'), '--data', 'glyphs')).examples).toBe(1500);
  });

  test('evaluate refuses data of another kind', async () => {
    const { code, stderr } = await shiftaddnas('evaluate', '--run', run(), '--data', data);
    expect(code).toBe(1);
    expect(stderr).toMatch(/reads images of 28x28 with 1 channels, but .* has 16x16 with 1/);
  });

  test.skipIf(!sharp)('predict (needs the optional package sharp)', async () => {
    const { test: set, classes } = await openDataset('glyphs', { seed: 3 });
    const size = set.height * set.width;
    const files = [0, 1].map((i) => {
      const file = at(`glyph-${i}.png`);
      const pixels = set.pixels.slice(i * size, (i + 1) * size);
      fs.writeFileSync(file, encodePng({ height: set.height, width: set.width, channels: 1, pixels }));
      return file;
    });
    const { predictions } = await json('predict', '--run', run(), '--top', '3', ...files);
    expect(predictions.map(({ file }: { file: string }) => file)).toEqual(files);
    for (const { label, probability, labels } of predictions) {
      expect(classes).toContain(label);
      expect(labels).toHaveLength(3);
      expect(labels[0]).toEqual({ label, probability });
      expect(probability).toBeGreaterThan(0.1);
    }
    const { code, stderr } = await shiftaddnas('predict', '--run', run(), at('absent.png'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^shiftaddnas: .*absent\.png[^\n]*\n$/)]);
  });

  test('report writes the page again', async () => {
    const { report } = await json('report', run());
    expect(report).toBe(at('glyphs', 'report.html'));
  });
});

test('train, its weights and its report', async () => {
  const out = at('one');
  const found = await json(
    ...['train', '--network', 'all-shift', '--data', data, '--preset', 'smoke', ...QUICK, '--out', out],
  );
  expect(found).toMatchObject({ accuracy: expect.any(Number), epochs: 2, runDir: out });
  const evaluated = await json('evaluate', '--run', out);
  expect(evaluated).toMatchObject({ accuracy: found.accuracy, examples: TINY_TEST_IMAGES });
  expect(fs.existsSync((await json('report', out)).report)).toBe(true);
  expect((await json('train', '--resume', out)).accuracy).toBe(found.accuracy);
});

describe('cost', () => {
  test.each([
    ['conv,224,3,7,64,112,2', '32', 5.2549726, 2.809856],
    ['conv,14,256,3,256,14,1', '32', 5.146497, 2.752512],
    ['conv,14,256,3,256,14,1', '8', 1.1448871, 0.688128],
    ['add,14,256,3,256,14,1', '32', 4.0012349, 2.752512],
    ['shift,14,256,3,256,14,1', '32', 1.4896402, 0.86016],
  ])('spec 8.6: layer %s at %s bits', async (layer, bits, energyMj, latencyMs) => {
    const found = await json('cost', '--layer', layer, '--bits', bits);
    expect(found.energyMj).toBeCloseTo(energyMj, 7);
    expect(found.latencyMs).toBeCloseTo(latencyMs, 6);
    const [only] = found.layers;
    expect(found.layers).toHaveLength(1);
    const sum = (parts: Record<string, number>) => Object.values(parts).reduce((a, b) => a + b, 0);
    expect(only).toMatchObject({ name: 'layer', kind: layer.split(',')[0] });
    expect(sum(only.byLevel)).toBeCloseTo(only.energyMj, 9);
    expect(only.byTensor).toEqual(expect.any(Object));
  });

  test.each([
    ['shiftaddnas-t1-v4', '256', 543.01, 428.35],
    ['shiftaddnas-t0-v4', '256', 281.07, 219.16],
    ['shiftaddnas-t0-v3', '224', 239.38, 144.18],
  ])('spec 9.2: %s at %s pixels', async (network, resolution, energyMj, latencyMs) => {
    const found = await json('cost', '--network', network, '--resolution', resolution);
    expect(Math.abs(found.energyMj - energyMj)).toBeLessThan(0.01);
    expect(Math.abs(found.latencyMs - latencyMs)).toBeLessThan(0.01);
    expect(found.operations).toEqual({
      multiplications: expect.any(Number),
      additions: expect.any(Number),
      shifts: expect.any(Number),
    });
    expect(found.layers.length).toBeGreaterThan(50);
  });
});

test('spec: hytra has 198,955,008 architectures, said as a decimal string', async () => {
  expect((await json('space', '--space', 'hytra')).count).toBe('198955008');
  const { samples } = await json('space', '--space', 'hytra', '--sample', '2', '--seed', '7');
  expect(samples).toHaveLength(2);
  expect((await json('space', '--space', 'hytra', '--check', samples[1])).valid).toBe(samples[1]);
});

test('zoo names what cost can price', async () => {
  const { names, networks } = await json('zoo');
  expect(names).toContain('shiftaddnas-t1-v4');
  expect(names.length).toBeGreaterThan(10);
  expect(networks.map(({ name }: { name: string }) => name)).toEqual(names);
  expect(networks).toContainEqual({
    ...{ name: 'transformer-small-ende', task: 'translation', trains: true, parameters: 22095360 },
  });
  expect((await shiftaddnas('zoo')).stdout).toMatch(/^transformer-small-ende +22\.1 M +trains$/m);
});

test.each(COMMANDS.map(({ name }) => name))('%s --help shows flags and examples', async (name) => {
  const { code, stdout, stderr } = await shiftaddnas(name, '--help');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('--json');
  expect(stdout).toMatch(new RegExp(`Examples:\n {2}\\$ shiftaddnas ${name}`));
});

test('without a command: the list of commands and exit code 2; --version', async () => {
  const { code, stderr } = await shiftaddnas();
  expect(code).toBe(2);
  for (const { name } of COMMANDS) expect(stderr).toContain(name);
  expect((await shiftaddnas('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
