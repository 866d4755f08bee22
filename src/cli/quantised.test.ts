/** Networks of few bits from the command line to their files: trained, resumed, evaluated, refused. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackend } from '../backends/open.ts';
import { EventBus } from '../core/events.ts';
import { readSafetensors } from '../core/safetensors.ts';
import { createRun, resumeRun } from '../runs/folder.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { runTraining } from '../runs/pipeline/train-pipeline.ts';
import { PRESETS } from '../runs/presets.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let data: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'quantised-'));
  data = writeTinyIdx(join(folder, 'data'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => join(folder, ...parts);
const json = (...parts: string[]) => JSON.parse(fs.readFileSync(at(...parts), 'utf8'));
/** Every operator: shift, attention, add. */
const NETWORK = '1-2:s|ad';
const bits = (weightBits: number, activationBits = weightBits): Partial<RunConfig> => ({
  weightBits,
  activationBits,
});

/** Trains in a folder until `stopAt` losses are reported, or to the end; the bytes of what it leaves. */
async function go(
  name: string,
  changes: Partial<RunConfig>,
  { threads = 1, stopAt = 1e9, network = NETWORK } = {},
) {
  const config: RunConfig = {
    ...DEFAULT_CONFIG,
    ...PRESETS.smoke.images,
    ...{ data, seed: 5, validation: 80, epochs: 2, calibrationImages: 40, scoreImages: 40 },
    ...changes,
  };
  const resumed = fs.existsSync(at(name, 'config.json'));
  const run = resumed
    ? resumeRun(at(name))
    : createRun(at(name), { command: 'train', config: { ...config, network } });
  const backend = await openBackend('auto', { threads });
  const stop = new AbortController();
  const bus = new EventBus();
  let steps = 0;
  bus.subscribe(({ type }) => {
    if (type === 'train-step' && ++steps === stopAt) stop.abort();
  });
  try {
    await runTraining({ run, config, backend, bus, signal: stop.signal, resumed, saveEvery: 0 }, network);
  } finally {
    backend.dispose();
    run.close();
  }
  return fs
    .readdirSync(at(name, 'winner'))
    .sort()
    .map((file) => [file, fs.readFileSync(at(name, 'winner', file)).toString('hex')]);
}

test('stopped and resumed, and on other threads, it ends in the same bytes; of other bits in others', async () => {
  const eight = await go('whole', bits(8));
  expect(eight.map(([file]) => file)).toContain('quantisation.json');
  await expect(go('stopped', bits(8), { stopAt: 2 })).rejects.toThrow(/stopped; go on with/);
  expect(await go('stopped', bits(8))).toEqual(eight);
  expect(await go('threads', bits(8), { threads: 3 })).toEqual(eight);
  const weights = (files: string[][]) => files.find(([file]) => file === 'weights.safetensors');
  expect(weights(await go('four', bits(4)))).not.toEqual(weights(eight));
  const real = await go('real', bits(32));
  expect(real.map(([file]) => file)).not.toContain('quantisation.json');
  expect(json('real', 'winner', 'architecture.json').quantisation).toBeUndefined();
});

test('it starts from the weights of a network in real numbers, and measures its own ranges', async () => {
  await go('start', bits(32));
  const train = [
    'train',
    '--network',
    NETWORK,
    '--preset',
    'smoke',
    '--data',
    data,
    '--threads',
    '1',
    '--json',
  ];
  const eight = ['--weight-bits', '8', '--activation-bits', '8', '--epochs', '1'];
  const from = (...flags: string[]) =>
    shiftaddnas(...train, ...QUICK, '--weights', at('start'), ...eight, ...flags);
  const done = await from('--rate', '0', '--decay', '0', '--out', at('from-real'));
  expect(done.stderr).toBe('');
  const tensors = (name: string) => readSafetensors(at(name, 'winner', 'weights.safetensors')).tensors;
  const [real, few] = [tensors('start'), tensors('from-real')];
  let same = 0;
  for (const [name, { data: values }] of real) {
    if (/mean|variance/.test(name)) continue;
    expect(few.get(name)?.data).toEqual(values);
    same++;
  }
  expect(same).toBeGreaterThan(10);
  const ranges = [...few.keys()].filter((name) => !real.has(name));
  expect(ranges).toContain('head.low');
  expect(few.get('head.high')!.data[0]).not.toBe(1); // as it stands before calibration
  expect(jsonOf(await shiftaddnas('train', '--resume', at('from-real'), '--json')).accuracy).toBe(
    jsonOf(done).accuracy,
  );
  const other = await from('--shift', 'PS', '--out', at('refused'));
  expect(other.stderr).toMatch(
    /were trained as .*"shift":"Q".* would read them as .*"shift":"PS".*; give the settings of that run/,
  );
  expect(other.code).toBe(2);
  const foreign = await shiftaddnas(
    ...['train', '--network', '1-1:s|a', '--preset', 'smoke', '--data', data, '--json', ...QUICK],
    ...['--weights', at('start'), '--out', at('foreign')],
  );
  expect(foreign.stderr).toMatch(/holds the weights of 1-2:s\|ad, not of 1-1:s\|a; give --network/);
});

test('evaluate gives the accuracy of few bits, by the ranges in the folder', async () => {
  const evaluated = async (name: string) =>
    jsonOf(await shiftaddnas('evaluate', '--run', at(name), '--data', data, '--threads', '1', '--json'));
  const { accuracy, loss } = await evaluated('whole');
  expect(accuracy).toBe(json('whole', 'winner', 'metrics.json').accuracy);
  const file = at('whole', 'winner', 'architecture.json');
  const text = fs.readFileSync(file, 'utf8');
  const description = JSON.parse(text);
  expect(description.quantisation).toEqual({ ...bits(8), weightScales: 'channel', exceptions: [] });
  try {
    const { quantisation: _, ...real } = description;
    fs.writeFileSync(file, JSON.stringify(real));
    const { loss: realLoss } = await evaluated('whole');
    expect(realLoss).not.toBe(loss);
    expect(Math.abs(realLoss - loss)).toBeLessThan(0.1 * loss); // 8 bits are nearly real numbers
  } finally {
    fs.writeFileSync(file, text);
  }
});

test('the table of layers names widths, steps and ranges of every layer, and exceptions', async () => {
  const exceptions = at('bits.json');
  fs.writeFileSync(exceptions, JSON.stringify([{ layers: 'stem', weightBits: 32, activationBits: 32 }]));
  const done = await shiftaddnas(
    ...['train', '--network', NETWORK, '--preset', 'smoke', '--data', data, '--out', at('table')],
    ...['--weight-bits', '8', '--activation-bits', '8', '--bit-exceptions', exceptions, '--threads', '1'],
    ...QUICK,
  );
  expect(done.code, done.stderr).toBe(0);
  expect(json('table', 'config.json').config.bitExceptions).toBe('stem=32/32');
  const { layers, units } = json('table', 'winner', 'quantisation.json');
  expect(Object.keys(units)).toEqual(['bits', 'step', 'low', 'high', 'exponent']);
  const names = layers.map(({ layer }: { layer: string }) => layer);
  expect(names).toContain('layer0.stage0.shift.conv2');
  expect(names).toContain('layer1.stage1.attention.scores');
  const layer = (name: string) => layers.find((one: { layer: string }) => one.layer === name);
  expect(layer('stem')).toMatchObject({ weight: null, input: null });
  expect(layer('head')).toMatchObject({ weight: { bits: 8, lowest: -127 }, input: { bits: 8, lowest: 0 } });
  const { weight, input } = layer('layer2.stage1.add.conv2');
  expect(weight.steps).toEqual([input.step]);
});

test('an exception of a search must name a layer of the space', async () => {
  const done = await shiftaddnas(
    ...['search', '--preset', 'smoke', '--data', data, '--out', at('refused'), '--weight-bits', '8'],
    ...['--bit-exceptions', 'stage1.block1.conv1=4', ...QUICK],
  );
  expect(done.stderr).toMatch(/must name layers of space micro, but "stage1.block1.conv1" is none of them/);
  expect(done.code).toBe(2);
  expect(fs.existsSync(at('refused'))).toBe(false);
});

test('a search of few bits ends, supernet and winner alike', async () => {
  const done = await shiftaddnas(
    ...['search', '--preset', 'smoke', '--data', data, '--out', at('search'), '--threads', '1'],
    ...['--weight-bits', '6', '--activation-bits', '8', '--frugal', '0', ...QUICK],
  );
  expect(done.code, done.stderr).toBe(0);
  const { quantisation } = json('search', 'winner', 'architecture.json');
  expect(quantisation).toMatchObject({ weightBits: 6, activationBits: 8 });
  const supernet = fs.readFileSync(at('search', 'checkpoints', 'supernet.safetensors'), 'latin1');
  expect(supernet).toContain('weight:layer0.stage0.conv.conv2.low');
});

describe('networks of the zoo', () => {
  const ZOO = 'adder-resnet-20@0.125';

  test('stopped and resumed one ends in the same bytes, with drop path; evaluate gives its accuracy', async () => {
    const settings = { ...bits(8), bitExceptions: 'stem=32,stage1.*=4/8', dropPath: 0.2 };
    const whole = await go('zoo', settings, { network: ZOO });
    expect(whole.map(([file]) => file)).toContain('quantisation.json');
    await expect(go('zoo-stopped', settings, { network: ZOO, stopAt: 2 })).rejects.toThrow(/stopped/);
    expect(await go('zoo-stopped', settings, { network: ZOO })).toEqual(whole);
    const { layers } = json('zoo', 'winner', 'quantisation.json');
    const layer = (name: string) => layers.find((one: { layer: string }) => one.layer === name);
    expect(layer('stem')).toMatchObject({ weight: null, input: null });
    expect(layer('stage1.block1.conv1')).toMatchObject({ family: 'add', weight: { bits: 4 } });
    const evaluated = jsonOf(await shiftaddnas('evaluate', '--run', at('zoo'), '--data', data, '--json'));
    expect(evaluated.accuracy).toBe(json('zoo', 'winner', 'metrics.json').accuracy);
    expect(json('zoo', 'winner', 'architecture.json').quantisation).toMatchObject(bits(8));
  });

  test('compare trains them beside those of a space, with exceptions by the names of either', async () => {
    const done = await shiftaddnas(
      ...['compare', '--networks', `resnet-20@0.125,${NETWORK}`, '--preset', 'smoke', '--data', data],
      ...['--out', at('compared'), '--weight-bits', '8', '--activation-bits', '8', '--threads', '1'],
      ...['--bit-exceptions', 'stem=16,stage3.*=6,*.attention.q=5', ...QUICK],
    );
    expect(done.code, done.stderr).toBe(0);
    const table = (name: string) => json('compared', 'networks', name, 'quantisation.json').layers;
    const bitsOf = (layers: { layer: string; input: { bits: number } }[], name: string) =>
      layers.find(({ layer }) => layer === name)?.input.bits;
    expect(bitsOf(table('resnet-20-0-125'), 'stem')).toBe(16);
    expect(bitsOf(table('resnet-20-0-125'), 'stage3.block3.conv2')).toBe(6);
    expect(bitsOf(table('1-2-s-ad'), 'layer1.stage1.attention.q')).toBe(5);
  });

  test.each([
    ['resnet-20', ['--weight-bits', '8', '--bit-exceptions', 'stage1.*=4,layer0.*=4'], /layers of resnet-20/],
    ['vgg-small', ['--drop-path', '0.1'], /--drop-path leaves out residual branches, and vgg-small has none/],
  ])('%s with %j is refused in one sentence', async (network, flags, message) => {
    const done = await shiftaddnas(
      ...['train', '--network', network, '--preset', 'smoke', '--data', data, '--out', at('refused')],
      ...[...QUICK, ...flags, '--json'],
    );
    expect(done.stderr).toMatch(message);
    expect(done.stderr).toMatch(/^shiftaddnas: [^\n]+\n$/);
    expect(done.code).toBe(2);
    expect(fs.existsSync(at('refused'))).toBe(false);
  });
});

test.each([
  [
    ['--weight-bits', '20'],
    /bits of weights and activations must be 2 to 16, or 32 for real numbers, got 20/,
  ],
  [['--weight-bits', '8', '--bit-exceptions', 'stm=32'], /"stm" is none of them; did you mean stem\?/],
  [['--weight-bits', '8', '--bit-exceptions', 'stem'], /--bit-exceptions lists layers with their bits/],
  [['--weight-bits', '8', '--bit-exceptions', 'nowhere.json'], /nowhere\.json' cannot be read/],
])('%j is refused in one sentence, and nothing is left behind', async (flags, message) => {
  const done = await shiftaddnas(
    ...['train', '--network', NETWORK, '--preset', 'smoke', '--data', data, '--out', at('refused')],
    ...[...flags, '--json'],
  );
  expect(done.stderr).toMatch(message);
  expect(done.stderr).toMatch(/^shiftaddnas: [^\n]+\n$/);
  expect(done.code).toBe(2);
  expect(fs.existsSync(at('refused'))).toBe(false);
});
