/** What tells runs, jobs, data and machines apart. */
import { expect, test } from 'vitest';
import { openBackend } from '../backends/open.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { drawGlyphs } from '../data/glyphs/glyphs.ts';
import { sharedSet } from '../data/shared-set.ts';
import type { Job } from '../runs/evaluation/evaluator.ts';
import { DEFAULT_CONFIG } from '../runs/options.ts';
import type { TranslatorJob } from '../runs/translation/jobs.ts';
import { loadSpace } from '../spaces/load.ts';
import { toyNetwork } from '../supernet/translator/toy.ts';
import { version } from '../version.ts';
import { probe } from './probe.ts';
import { programCode } from './program-code.ts';
import { refuseBackend, refuseData, refuseProgram } from './refusal.ts';
import { deedOf, jobId, PROTOCOL, type RunCard, runId } from './run-card.ts';

const data: ImageDataset = {
  ...drawGlyphs({ seed: 1, train: 8, test: 4, size: 16 }),
  ...{ source: 'a', classes: ['x', 'y'], mean: [0.5], deviation: [0.25], mirrorable: false, notes: [] },
};

test('a fingerprint is that of the images, wherever they lie', () => {
  const mine = fingerprint(data);
  expect(mine).toMatch(/^[0-9a-f]{64}$/);
  const labels = Uint16Array.from(data.train.labels);
  expect(fingerprint({ ...data, source: 'b', notes: ['n'], train: { ...data.train, labels } })).toBe(mine);
  expect(fingerprint({ ...data, train: sharedSet(data.train) })).toBe(mine);
  const pixels = Uint8Array.from(data.train.pixels);
  pixels[77] ^= 1;
  for (const other of [
    { train: { ...data.train, pixels } },
    { train: { ...data.train, labels: labels.map((label) => (label + 1) % 10) } },
    { train: data.test, test: data.train },
    { classes: ['y', 'x'] },
    { mean: [0.4] },
    { mirrorable: true },
  ]) {
    expect(fingerprint({ ...data, ...other })).not.toBe(mine);
  }
});

test('machines that compute the same bits have the same probe, whatever their threads', async () => {
  const bits: string[] = [];
  for (const [name, threads] of [
    ['auto', 1],
    ['auto', 2],
    ['reference', 1],
  ] as const) {
    const backend = await openBackend(name, { threads });
    bits.push(await probe(backend));
    expect(await probe(backend)).toBe(bits.at(-1));
    expect(backend.memory().used).toBe(0);
    backend.dispose();
  }
  expect(bits[1]).toBe(bits[0]);
  const auto = await openBackend('auto');
  if (auto.name !== 'reference') expect(bits[2]).not.toBe(bits[0]);
  auto.dispose();
});

/** The same with its keys the other way round. */
const turn = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).reverse()) as T;

const card: RunCard = {
  ...{ protocol: PROTOCOL, version, place: 'host:/run', computes: 'c', probe: 'p', data: 'd', lease: 300 },
  ...{ code: programCode(), config: DEFAULT_CONFIG, space: loadSpace('micro') },
};

test('a run keeps its identifier when it is resumed, and no other run has it', () => {
  const mine = runId(card);
  expect(mine).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(
    runId({ ...card, computes: 'c, 4 threads', lease: 5, teacher: { architecture: 'a', weights: 'w' } }),
  ).toBe(mine);
  const seeded = { ...DEFAULT_CONFIG, seed: 1 };
  const others = [
    ...[
      { version: '9' },
      { code: 'x' },
      { place: 'x' },
      { probe: 'x' },
      { data: 'x' },
      { subwords: 'x' },
      { config: seeded },
    ],
  ];
  const ids = new Set([mine, ...others.map((other) => runId({ ...card, ...other }))]);
  expect(ids.size).toBe(1 + others.length);
});

test('a job has one identifier, and no other job has it', () => {
  const score: Job = { kind: 'evaluate', supernet: 's', genotype: 'g' };
  const train: Job = { kind: 'train', phase: 'p', architecture: { zoo: 'z' }, tests: true };
  expect(jobId('r', { genotype: 'g', supernet: 's', kind: 'evaluate' })).toBe(jobId('r', score));
  const jobs: Job[] = [
    score,
    train,
    { ...score, share: 0.5 },
    { ...score, supernet: 't' },
    { ...score, genotype: 'h' },
  ];
  jobs.push({ ...train, tests: false }, { ...train, phase: 'q' }, { ...train, seed: 0 });
  jobs.push({ ...train, architecture: { zoo: 'y' } });
  expect(new Set([...jobs.map((one) => jobId('r', one)), jobId('q', score)]).size).toBe(jobs.length + 1);
});

test('a training of sentences is the same job, in whatever order its network was written down', () => {
  const network = toyNetwork(['A'], ['A']);
  const job: TranslatorJob = { kind: 'train', phase: 'p', title: 't', network };
  const { encoder, decoderLayers, ...rest } = network;
  const turned = { ...rest, decoderLayers: decoderLayers.map(turn), encoder };
  expect(Object.keys(turned)).not.toEqual(Object.keys(network));
  expect(jobId('r', { ...job, network: turned })).toBe(jobId('r', job));
  const wider = { ...network, decoder: 16 };
  const others = [{ trialEpochs: 1 }, { seed: 1 }, { network: wider }, { phase: 'q' }];
  const ids = new Set([jobId('r', job), ...others.map((other) => jobId('r', { ...job, ...other }))]);
  expect(ids.size).toBe(1 + others.length);
  expect(deedOf(job)).toBe('8-12:A2f10|A2x4s1f6 trained');
});

test('a worker that can do the same refuses nothing; one that differs says in what and what to do', () => {
  expect(refuseProgram(card)).toBeUndefined();
  expect(refuseBackend(card, { computes: 'other words', probe: 'p' })).toBeUndefined();
  expect(refuseData(card, 'd', 'idx:elsewhere')).toBeUndefined();
  expect(refuseProgram({ ...card, version: '9.9.9' })).toMatch(
    /started by 9\.9\.9 .*; install the same version/,
  );
  expect(refuseProgram({ ...card, protocol: 99 })).toMatch(/\(protocol 99\); install/);
  expect(refuseProgram({ ...card, code: '0123456789abcdef' })).toBe(
    `a worker must run the code that searches, but this shiftaddnas ${version} has code ${programCode().slice(0, 12)}, and the one that started the run has 0123456789ab; check out the same commit on both and build it (npm run setup)`,
  );
  expect(refuseBackend(card, { computes: 'avx2', probe: 'q' })).toMatch(
    /this one \(avx2\) and the run \(c\) differ; .*--mixed/,
  );
  expect(refuseData(card, 'e', 'idx:elsewhere')).toMatch(
    /idx:elsewhere has fingerprint e here, and the run's glyphs has d/,
  );
});
