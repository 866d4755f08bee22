/** `export` and what reads its files again: a network of the zoo out to ONNX and PyTorch, and back. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readSafetensors, writeSafetensors } from '../core/safetensors.ts';
import { openDataset } from '../data/open.ts';
import { encodePng } from '../data/png.ts';
import { hostTarget, NO_HOST } from '../deploy/c/prove/targets.ts';
import { interpret, openProgram, readProgram } from '../deploy/index.ts';
import { findRuntime } from '../deploy/onnx/runtime.ts';
import { argmax } from '../metrics/accuracy.ts';
import { json, refused, shiftaddnas } from './testing/in-process.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const NETWORK = 'adder-resnet-20@0.125';
const runtime = await findRuntime();
const sharp = await import('sharp').then(
  () => true,
  () => false,
);

let folder: string;
let data: string;
let trained: { readonly operations: { readonly additions: number } };
const at = (...parts: string[]) => join(folder, ...parts);

const training = (out: string) => [
  '--data',
  data,
  '--preset',
  'smoke',
  ...QUICK,
  '--epochs',
  '1',
  '--out',
  out,
];

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'export-'));
  data = writeTinyIdx(at('data'));
  const { network } = await json('train', '--network', NETWORK, ...training(at('run')));
  trained = network;
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('a network of few bits to ONNX, where a last digit may become a whole step', async () => {
  const widths = ['--weight-bits', '6', '--activation-bits', '6', '--bit-exceptions', 'stem=32'];
  await json('train', '--network', NETWORK, ...training(at('few')), ...widths);
  const { maxDifference } = await json('export', at('few'), '--to', 'onnx');
  if (runtime === undefined) expect(maxDifference).toBeNull();
  else expect(maxDifference).toBeLessThan(1);
  expect(await refused('export', at('few'), '--to', 'safetensors')).toMatch(/export it --to onnx/);
});

test('to ONNX: proved where onnxruntime is, checked structurally where it is not; cost reads the file', async () => {
  const found = await json('export', at('run'), '--to', 'onnx');
  const file = at('run', 'export', 'network.onnx');
  expect(found).toMatchObject({ to: 'onnx', network: NETWORK, files: [file] });
  expect(found.sizes).toEqual({ [file]: fs.statSync(file).size });
  if (runtime === undefined) {
    expect(found).toMatchObject({
      images: 0,
      maxDifference: null,
      note: expect.stringMatching(/npm install/),
    });
  } else {
    expect(found.images).toBe(100);
    expect(found.maxDifference).toBeLessThan(1e-4 * Math.max(1, found.largest));
  }
  const priced = await json('cost', '--onnx', file);
  expect(priced.operations.additions).toBe(trained.operations.additions);
  expect(priced.operations.shifts).toBe(0);
});

test('to an integer program, compared with the network on test images of its data', async () => {
  const found = await json('export', at('run'), '--to', 'integer', '--images', '40');
  const files = ['weights.bin', 'program.json'].map((name) => at('run', 'export', 'integer', name));
  expect(found).toMatchObject({ to: 'integer', network: NETWORK, files, images: 40 });
  for (const file of files) expect(found.sizes[file]).toBe(fs.statSync(file).size);
  expect(found.maxDifference).toBeLessThan(0.5 * found.largest);
  expect(found.agreement).toBeGreaterThan(0.6);
  const program = readProgram(at('run', 'export', 'integer'));
  expect(program.classes).toHaveLength(10);
  expect(program.operations).toHaveLength(found.operations);
});

test('fine-tuned on the images of its run, with the weights beside the artefact; the run stays as it is', async () => {
  const before = fs.readFileSync(at('run', 'winner', 'weights.safetensors'));
  const out = at('tuned');
  const tune = ['--fine-tune-epochs', '1', '--fine-tune-rate', '0.01'];
  const found = await json('export', at('run'), '--to', 'integer', '--images', '40', '--out', out, ...tune);
  const names = ['fine-tuned.safetensors', 'weights.bin', 'program.json'];
  expect(found).toMatchObject({ files: names.map((name) => join(out, name)), images: 40 });
  expect(found.calibratedAccuracy).toBeGreaterThanOrEqual(0);
  expect(fs.readFileSync(at('run', 'winner', 'weights.safetensors')).equals(before)).toBe(true);
  const calibrated = at('calibrated');
  await json('export', at('run'), '--to', 'integer', '--images', '1', '--out', calibrated);
  expect(readProgram(out).values).toEqual(readProgram(calibrated).values);
  expect(readProgram(out).tensors).not.toEqual(readProgram(calibrated).tensors);
  await json('export', out, '--to', 'web', '--images', '2', '--out', at('tuned-page'));
  expect(await refused('export', out, '--to', 'web', ...tune)).toMatch(/holds a program without its network/);
  expect(await refused('export', at('run'), '--to', 'onnx', ...tune)).toMatch(/--to onnx makes none/);
  fs.cpSync(at('run', 'winner'), at('bare'), { recursive: true });
  expect(await refused('export', at('bare'), '--to', 'integer', '--data', data, ...tune)).toMatch(
    /has no settings of a run/,
  );
});

test('an integer program is evaluated where it lies, to what export said of it', async () => {
  const out = at('whole');
  const { integerAccuracy } = await json('export', at('run'), '--to', 'integer', '--out', out);
  const found = await json('evaluate', '--run', out, '--data', data);
  expect(found).toMatchObject({ genotype: NETWORK, accuracy: integerAccuracy });
  const straight = await json('evaluate', '--run', at('run'));
  expect(found.examples).toBe(straight.examples);
  expect(Math.abs(found.loss - straight.loss)).toBeLessThan(0.3);
  expect(await refused('evaluate', '--run', out)).toMatch(/needs --data here/);
  expect(await refused('evaluate', '--run', out, '--data', data, '--split', 'valid')).toMatch(
    /choose test or train/,
  );
  expect(await refused('evaluate', '--run', out, '--data', 'glyphs')).toMatch(
    /reads images of .* but glyphs has/,
  );
  fs.truncateSync(join(out, 'weights.bin'), 100);
  expect(await refused('evaluate', '--run', out, '--data', data)).toMatch(/weights.bin has 100 bytes/);
});

test.skipIf(!sharp)('predict by an integer program (needs the optional package sharp)', async () => {
  const file = at('picture.png');
  const { test: images } = await openDataset(data, { seed: 0 });
  const { height, width, channels } = images;
  const pixels = images.pixels.slice(0, height * width * channels);
  fs.writeFileSync(file, encodePng({ height, width, channels, pixels }));
  const out = at('predicting');
  await json('export', at('run'), '--to', 'integer', '--images', '1', '--out', out);
  const { predictions } = await json('predict', '--run', out, '--top', '10', file);
  const program = readProgram(out);
  const logits = [...interpret(program, pixels)];
  expect(predictions[0].stored).toEqual(logits);
  expect(predictions[0].label).toBe(program.classes[logits.indexOf(Math.max(...logits))]);
  const sum = predictions[0].labels.reduce(
    (total: number, one: { probability: number }) => total + one.probability,
    0,
  );
  expect(sum).toBeCloseTo(1, 10);
  fs.writeFileSync(join(out, 'program.json'), '{"format":"other"}');
  expect(await refused('predict', '--run', out, file)).toMatch(/it is no integer program/);
});

test('an integer program that loses more accuracy than --tolerance allows is refused, and not written', async () => {
  // images that are labelled as the network labels them, so that it is nearly always right
  await json('export', at('run'), '--to', 'integer', '--activation-bits', '16', '--out', at('judge'));
  const { test: images } = await openDataset(data, { seed: 0 });
  const judge = openProgram(readProgram(at('judge')));
  const logits = judge.run(images.pixels);
  const labels = Array.from({ length: images.count }, (_, i) => argmax(logits, 10 * i, 10));
  fs.cpSync(at('data'), at('own-data'), { recursive: true });
  const file = fs.openSync(at('own-data', 't10k-labels-idx1-ubyte'), 'r+');
  fs.writeSync(file, Uint8Array.from(labels), 0, labels.length, 8);
  fs.closeSync(file);
  const own = ['--data', `idx:${at('own-data')}`];
  const spoilt = (...args: string[]) => [
    ...['export', at('run'), ...own, '--calibration-images', '1', '--out', at('spoilt'), ...args],
  ];
  for (const to of ['integer', 'web']) {
    expect(await refused(...spoilt('--to', to))).toMatch(
      /it loses \d+\.\d\d points, at least .* where --tolerance allows 0\.50, .*; try --activation-bits 16, then more --calibration-images or --fine-tune-epochs, or allow the loss by --tolerance \d+\n/,
    );
    expect(fs.existsSync(at('spoilt'))).toBe(false);
  }
  const { accuracy, integerAccuracy } = await json(...spoilt('--to', 'integer', '--tolerance', '100'));
  expect(accuracy - integerAccuracy).toBeGreaterThan(0.1);
  const two = await shiftaddnas(...spoilt('--to', 'integer', '--images', '2'));
  expect(two.code).toBe(0);
});

test('a program in a folder needs neither network nor data, and is refused where it is damaged', async () => {
  const copy = at('copy');
  await json('export', at('run'), '--to', 'integer', '--images', '20', '--out', copy);
  await json('export', copy, '--to', 'integer', '--images', '2', '--out', at('again-integer'));
  expect(readProgram(at('again-integer'))).toEqual(readProgram(copy));
  fs.truncateSync(join(copy, 'weights.bin'), 100);
  expect(await refused('export', copy, '--to', 'integer')).toMatch(/weights\.bin has 100 bytes/);
});

test('to C: from a run and from a program the same two files, proved as far as compilers are there', async () => {
  const [fromRun, fromProgram] = [at('c-of-run'), at('c-of-program')];
  const found = await json('export', at('run'), '--to', 'c', '--images', '30', '--out', fromRun);
  const files = ['network.c', 'network.h'].map((name) => join(fromRun, name));
  expect(found).toMatchObject({ to: 'c', network: NETWORK, files });
  // an adder network multiplies in its first and last layer, and behind them
  expect(found.counts.additions).toBeGreaterThan(20 * found.counts.multiplications);
  const host = found.targets.find((target: { name: string }) => target.name !== 'Cortex-M4');
  if (hostTarget() === undefined) expect(found.notes).toContain(NO_HOST);
  else expect(host).toMatchObject({ images: 30, multiplications: { found: [] } });
  await json('export', at('run'), '--to', 'integer', '--images', '20');
  const program = at('run', 'export', 'integer');
  const again = await json(
    'export',
    program,
    '--to',
    'c',
    '--images',
    '3',
    '--qemu-images',
    '1',
    '--out',
    fromProgram,
  );
  expect(again.maxDifference).toBeNull();
  for (const name of ['network.c', 'network.h']) {
    expect(fs.readFileSync(join(fromProgram, name), 'utf8')).toBe(
      fs.readFileSync(join(fromRun, name), 'utf8'),
    );
  }
  expect(await refused('export', program, '--to', 'c', '--prefix', '2d')).toMatch(/--prefix .* "2d" is not/);
});

test('to safetensors, evaluated from there, and trained from there', async () => {
  const file = at('own.safetensors');
  const found = await json('export', at('run'), '--to', 'safetensors', '--out', file);
  expect(found).toMatchObject({ files: [file], maxDifference: 0, images: 100 });
  const { accuracy, loss, examples } = await json('evaluate', '--run', at('run'));
  const weights = ['--network', NETWORK, '--weights', file];
  expect(await json('evaluate', ...weights, '--data', data)).toMatchObject({ accuracy, loss, examples });
  const again = await json('train', ...weights, '--transformation', 'none', ...training(at('again')));
  expect(again.epochs).toBe(1);
  const config = JSON.parse(fs.readFileSync(at('again', 'config.json'), 'utf8'));
  expect(config.config.weights).toBe(file);
  expect(await json('train', '--resume', at('again'))).toMatchObject({ accuracy: again.accuracy });
  fs.appendFileSync(file, ' ');
  expect(await refused('train', '--resume', at('again'))).toMatch(
    /own\.safetensors \(--weights\) has changed/,
  );
  fs.truncateSync(file, fs.statSync(file).size - 1);
  expect(await refused('train', ...weights, ...training(at('no')))).toMatch(/--transformation none/);
  expect(await refused('evaluate', ...weights, '--data', data, '--mean', '1,2')).toMatch(
    /each of the 1 channels/,
  );
});

test('weights of another network of the same sizes: not evaluated, and a start for training that is told', async () => {
  const file = at('foreign.safetensors');
  await json('export', at('run'), '--to', 'safetensors', '--out', file);
  const weights = ['--network', 'resnet-20@0.125', '--weights', file];
  expect(await refused('evaluate', ...weights, '--data', data)).toMatch(
    /foreign\.safetensors holds the weights of adder-resnet-20@0\.125, not of resnet-20@0\.125; give --network adder-resnet-20@0\.125\n/,
  );
  const { code, stderr } = await shiftaddnas('train', ...weights, ...training(at('from-foreign')));
  expect(code).toBe(0);
  expect(stderr).toMatch(/resnet-20@0\.125 starts from .* the weights of adder-resnet-20@0\.125\n/);
  // as PyTorch writes it: nothing is said of a network
  const { tensors } = readSafetensors(file);
  writeSafetensors(file, tensors, { format: 'pt' });
  expect((await shiftaddnas('evaluate', ...weights, '--data', data)).code).toBe(0);
  expect(await refused('evaluate', '--network', 'resnet-20', '--weights', file, '--data', data)).toMatch(
    /does not fit the network/,
  );
});

test('one bit that changed in the weights of a run, or in exported ones, is noticed', async () => {
  fs.cpSync(at('run', 'winner'), at('flipped'), { recursive: true });
  const exported = at('flipped.safetensors');
  await json('export', at('run'), '--to', 'safetensors', '--out', exported);
  for (const path of [at('flipped', 'weights.safetensors'), exported]) {
    const bytes = fs.readFileSync(path);
    bytes[bytes.length - 2] ^= 1;
    fs.writeFileSync(path, bytes);
  }
  const damaged = /safetensors is damaged: its SHA-256 was taken of other contents/;
  expect(await refused('evaluate', '--run', at('flipped'), '--data', data)).toMatch(damaged);
  expect(await refused('export', at('flipped'), '--to', 'onnx')).toMatch(damaged);
  expect(await refused('evaluate', '--network', NETWORK, '--weights', exported, '--data', data)).toMatch(
    damaged,
  );
});

test('an architecture.json that was changed by hand is refused with the place in it', async () => {
  const copy = at('edited');
  fs.cpSync(at('run', 'winner'), copy, { recursive: true });
  const path = join(copy, 'architecture.json');
  const { task, ...rest } = JSON.parse(fs.readFileSync(path, 'utf8'));
  fs.writeFileSync(path, JSON.stringify({ ...rest, task, mean: [0.5, 0.5] }));
  expect(await refused('export', copy, '--to', 'onnx')).toMatch(
    /edited.architecture\.json, mean: must have a number for each of the 1 channels of task\.image, got \[0\.5,0\.5\];/,
  );
  fs.writeFileSync(path, JSON.stringify(rest));
  for (const command of [
    ['export', copy, '--to', 'onnx'],
    ['cost', '--run', copy],
    ['evaluate', '--run', copy],
  ]) {
    expect(await refused(...command)).toMatch(/edited.architecture\.json, task: this key is missing/);
  }
});

test('what is no run is called what it is', async () => {
  const program = at('named');
  await json('export', at('run'), '--to', 'integer', '--images', '1', '--out', program);
  const none = (what: string) => `${what} holds no trained network: `;
  const run = 'give the folder of a finished run';
  const ofProgram = `${none(program)}it holds an integer program, which the network cannot be had from; give the folder of the run that it was made of`;
  const file = at('a.onnx');
  fs.writeFileSync(file, 'anything');
  const json_ = join(program, 'program.json');
  const cases: readonly (readonly [string, string, string])[] = [
    [program, 'onnx', ofProgram],
    [program, 'safetensors', ofProgram],
    [at('nowhere'), 'c', `${none(at('nowhere'))}there is no such folder; ${run}`],
    [file, 'integer', `${none(file)}it is a file; ${run}`],
    [json_, 'c', `${none(json_)}it is a file; give the folder it lies in, ${program}`],
    [at('data'), 'onnx', `${none(at('data'))}it holds no architecture.json; ${run}`],
  ];
  for (const [what, to, sentence] of cases) {
    expect(await refused('export', what, '--to', to)).toBe(`shiftaddnas: ${sentence}\n`);
  }
  fs.rmSync(json_);
  for (const command of [
    ['export', program, '--to', 'c'],
    ['evaluate', '--run', program, '--data', data],
  ]) {
    expect(await refused(...command)).toMatch(
      /: it holds the weights\.bin of an integer program without its program\.json; export the network again\n$/,
    );
  }
  await json('export', at('run'), '--to', 'integer', '--images', '1', '--out', program);
  fs.rmSync(join(program, 'weights.bin'));
  expect(await refused('export', program, '--to', 'c')).toMatch(
    /weights\.bin cannot be used: it is not there;/,
  );
  const weights = ['--network', NETWORK, '--weights', at('nowhere')];
  expect(await refused('evaluate', ...weights, '--data', data)).toMatch(/nowhere: there is no such file\n$/);
  expect(
    await refused('train', ...weights, '--transformation', 'none', ...training(at('of-nowhere'))),
  ).toMatch(/nowhere: there is no such file\n$/);
});

test('what is missing is said, and nothing is written', async () => {
  expect(await refused('export', at('run'))).toMatch(
    /needs the folder of a finished run, and --to c, .* or \w+/,
  );
  expect(await refused('export', at('data'), '--to', 'onnx')).toMatch(/holds no trained network/);
  fs.cpSync(at('run', 'winner'), at('damaged'), { recursive: true });
  fs.truncateSync(at('damaged', 'weights.safetensors'), 3000);
  expect(await refused('export', at('damaged'), '--to', 'onnx')).toMatch(/not a sound safetensors file/);
  expect(fs.existsSync(at('damaged', 'export'))).toBe(false);
  expect(await refused('evaluate', '--data', data)).toMatch(/evaluate needs --run/);
});
