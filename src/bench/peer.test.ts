/** The protocol, with peers written in a few lines of JavaScript. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Peer, startPeer } from './peer.ts';
import { coreType, describePeer, quickest, startTorch, torchEnvironment } from './torch.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const READY = `console.log(JSON.stringify({
  ready: { torch: '0.0', python: 'fake', threads: Number(process.env.OMP_NUM_THREADS), blas: '/lib/libopenblas.so.0',
    core: 'Zen', matmulGflops: 100 },
  warnings: ['a warning'] }));`;
const ANSWER = `require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  const slow = process.env.OMP_WAIT_POLICY === 'passive' ? 1 : 10;
  if (request.memory) console.log(JSON.stringify({ bytes: 5 }));
  else if (request.job.kind === 'broken') console.log(JSON.stringify({ error: 'out of luck' }));
  else if (request.job.kind === 'empty') console.log(JSON.stringify({ ms: [] }));
  else if (request.job.kind === 'end') process.exit(3);
  else console.log('some library says hello\\n' + JSON.stringify({ ms: [slow * request.budget, slow * request.job.m] }));
});`;

function script(name: string, text: string): string {
  const path = join(folder, `${name}.cjs`);
  writeFileSync(path, text);
  return path;
}

const start = (name: string, text: string, env: Record<string, string> = {}) =>
  startPeer(process.execPath, [script(name, text)], env);

describe('a peer', () => {
  let peer: Peer;
  beforeAll(async () => {
    peer = (await start('whole', READY + ANSWER, { OMP_NUM_THREADS: '2' }))!;
  });
  afterAll(() => peer.close());

  test('introduces itself', () => {
    expect(peer.warnings).toEqual(['a warning']);
    expect(describePeer(peer)).toBe(
      'PyTorch 0.0 (fake), 2 threads, libopenblas.so.0 for Zen, matrix product 100 GFLOP/s',
    );
  });

  test('answers one request after the other, whatever else it prints', async () => {
    expect(await peer.time({ kind: 'matmul', m: 4 }, 25)).toEqual([250, 40]);
    expect(await peer.ask({ memory: 'cnnStep' })).toEqual({ bytes: 5 });
    expect(await peer.time({ kind: 'matmul', m: 7 }, 1)).toEqual([10, 70]);
  });

  test('says why it failed', async () => {
    await expect(peer.time({ kind: 'broken' }, 25)).rejects.toThrow(/peer failed at .*broken.*: out of luck/);
    await expect(peer.time({ kind: 'empty' }, 25)).rejects.toThrow('milliseconds, but said []');
  });
});

test('a peer that ends is an error and not a wait', async () => {
  const peer = (await start('ends', READY + ANSWER))!;
  await expect(peer.time({ kind: 'end' }, 25)).rejects.toThrow('the peer ended with code 3');
  await expect(peer.time({ kind: 'matmul', m: 1 }, 25)).rejects.toThrow('the peer ended');
  peer.close();
});

test.each([
  ['says that something is missing', `console.log(JSON.stringify({ missing: 'torch' }))`],
  ['ends at once', 'process.exit(1)'],
])('no peer when it %s', async (name, text) => {
  expect(await start(name.replaceAll(' ', '-'), text)).toBeUndefined();
});

test('no peer without the program', async () => {
  expect(await startPeer(join(folder, 'no-such-python'), [], {})).toBeUndefined();
});

test('PyTorch that is not there is one sentence with the packages', async () => {
  const options = {
    python: process.execPath,
    threads: 2,
    script: script('missing', READY.replace('ready', 'missing')),
  };
  await expect(startTorch(options)).rejects.toThrow(/python3-torch and libopenblas0-pthread with apt-get/);
});

test('of a process that spins and one that sleeps the quicker counts', async () => {
  const options = { python: process.execPath, threads: 3, script: script('both', READY + ANSWER) };
  const peer = await startTorch(options);
  expect(peer.introduction.threads).toBe(3);
  expect(await peer.time({ kind: 'matmul', m: 4 }, 25)).toEqual([25, 4]);
  peer.close();
});

test('a long job is asked of one process only', async () => {
  let asked = 0;
  const fake = (ms: number): Peer => ({
    introduction: {},
    warnings: [],
    time: async () => {
      asked++;
      return [ms];
    },
    ask: async () => ({}),
    close: () => {},
  });
  expect(await quickest([fake(3000), fake(1)]).time({}, 25)).toEqual([3000]);
  expect(asked).toBe(1);
});

const cpuinfo = (vendor: string, flags: string) =>
  `processor\t: 0\nvendor_id\t: ${vendor}\nflags\t\t: fpu ${flags}\n`;

test.each([
  ['AuthenticAMD', 'avx avx2 fma', 'Zen'],
  ['AuthenticAMD', 'avx2 avx512f', 'SkylakeX'],
  ['GenuineIntel', 'avx avx2', 'Haswell'],
  ['GenuineIntel', 'avx2 avx512f avx512bw', 'SkylakeX'],
  ['GenuineIntel', 'avx', undefined],
])('OpenBLAS on %s with %s is told %s', (vendor, flags, core) => {
  expect(coreType(cpuinfo(vendor, flags))).toBe(core);
});

test('the environment names threads and processor', () => {
  expect(torchEnvironment(2, '')).toEqual({ OMP_NUM_THREADS: '2' });
  if (process.env.OPENBLAS_CORETYPE === undefined) {
    const expected = { OMP_NUM_THREADS: '4', OPENBLAS_CORETYPE: 'Haswell' };
    expect(torchEnvironment(4, cpuinfo('GenuineIntel', 'avx2'))).toEqual(expected);
  }
});
