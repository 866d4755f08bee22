import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PEAKS, type PeakName } from '../backends/peaks.ts';
import { createReference } from '../backends/reference/reference.ts';
import { type Bar, casesFor, KERNEL_CASES, type KernelCase } from './cases.ts';
import { GROUP_NAMES, parseGroups } from './groups.ts';
import { describeJob, type KernelJob, windowOf, workOf } from './job.ts';
import { prepare } from './prepare.ts';
import { SCALED } from './threads.ts';

const ids = KERNEL_CASES.map(({ id }) => id);
const named = (bar: Bar): string[] => (bar.of === 'case' ? [bar.id] : []);

test('cases have names of their own', () => {
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(KERNEL_CASES)('$id: its group, peaks and bars exist', ({ group, job, bars, peer }) => {
  expect(GROUP_NAMES).toContain(group);
  const work = Object.entries(workOf(job)) as [PeakName, number][];
  expect(work.length).toBeGreaterThan(0);
  for (const [peak, amount] of work) {
    expect(Object.keys(PEAKS)).toContain(peak);
    expect(Number.isInteger(amount) && amount > 0).toBe(true);
  }
  expect(ids).toEqual(expect.arrayContaining(bars.flatMap(named)));
  if (bars.some(({ of }) => of === 'peer')) expect(peer).toBe(true);
});

test('what is compared with another case is measured with it', () => {
  for (const { id, bars } of KERNEL_CASES) {
    for (const other of bars.flatMap(named)) expect(ids.indexOf(other), id).toBeLessThan(ids.indexOf(id));
  }
  expect(ids).toEqual(expect.arrayContaining([...SCALED]));
});

test('the peer knows every kind that it is asked for', () => {
  const script = readFileSync(new URL('../../bench/peer/torch_peer.py', import.meta.url), 'utf8');
  const jobs = /^JOBS = \{(.*?)^\}/ms.exec(script)![1];
  const known = [...jobs.matchAll(/^ {4}"(\w+)":/gm)].map((match) => match[1]);
  const asked = KERNEL_CASES.filter(({ peer }) => peer).map(({ job }) => job.kind);
  expect(known).toEqual(expect.arrayContaining([...asked, 'cnnStep']));
});

/** The same job small enough for the reference: fewer images, fewer channels, the same proportions. */
function small(job: KernelJob): KernelJob {
  const few = (size: number) => Math.max(1, Math.min(size, 1 + (size % 5)));
  switch (job.kind) {
    case 'matmul':
      return { ...job, batch: Math.min(job.batch, 2), m: few(job.m), k: few(job.k), n: few(job.n) };
    case 'attention':
      return { ...job, n: 1, positions: few(job.positions), width: few(job.width) };
    case 'batchNormRelu':
    case 'layerNorm':
      return { ...job, n: 2, size: Math.min(job.size, 3), c: few(job.c) };
    case 'sentenceAttention':
      return { ...job, n: 2, queries: few(job.queries), keys: few(job.keys), width: few(job.width) };
    case 'filter': {
      const [t, rows] = job.rows < job.t ? [job.window, 1] : [5, 5];
      return { ...job, n: 2, t, rows, c: 2 * job.heads };
    }
    case 'labelLoss':
      return { ...job, rows: 3, classes: 5 };
    case 'top':
      return { ...job, rows: 3, columns: job.k + 2 };
    case 'embedding':
      return { ...job, rows: 4, entries: 5, columns: 3 };
    case 'dropout':
    case 'residual':
    case 'relu':
    case 'bias':
    case 'softmaxRows':
      return { ...job, rows: 3, columns: 5 };
    default:
      return {
        ...job,
        n: 1,
        size: Math.min(job.size, 4),
        c: few(job.c),
        m: job.depthwise ? few(job.c) : few(job.m),
      };
  }
}

test.each(KERNEL_CASES)('$id: its tensors fit its kernels', ({ job }: KernelCase) => {
  const backend = createReference();
  const scope = backend.openScope();
  prepare(backend, small(job))(); // every launch is checked
  scope.close();
  backend.dispose();
});

test('work is counted as in the published comparison', () => {
  const conv = KERNEL_CASES.find(({ id }) => id === 'conv-forward-32x32x64-64-3s1')!.job;
  expect(workOf(conv)).toEqual({ multiplyAdd: 2 * 32 * 32 * 32 * 64 * 64 * 9 }); // 2.416 GFLOP
  const both = KERNEL_CASES.find(({ id }) => id === 'adder-both-32x32x64-64-3s1')!.job;
  const taps = 1_207_959_552;
  expect(workOf(both)).toEqual({ maximumAdd: taps, clampMultiplyAdd: taps, multiplyAdd: 2 * taps });
  const strided = KERNEL_CASES.find(({ id }) => id === 'conv-forward-8x28x256-512-3s2')!.job;
  expect(strided.kind === 'conv' && windowOf(strided)).toMatchObject({ e: 14, f: 14, pad: 1, groups: 1 });
  expect(workOf({ kind: 'matmul', batch: 64, m: 256, k: 64, n: 256 })).toEqual({ multiplyAdd: 536_870_912 });
});

test('a job says its sizes', () => {
  const job = { kind: 'conv', pass: 'both', n: 8, size: 28, c: 64, m: 64, window: 3, stride: 2 } as const;
  expect(describeJob({ ...job, depthwise: true })).toEqual({
    title: 'depthwise 3x3 / 2 forward + backward',
    shape: '8 x 28x28x64',
  });
  expect(describeJob({ ...job, depthwise: false }).shape).toBe('8 x 28x28x64 -> 64');
});

test('groups by name, in the order of the table', () => {
  expect(parseGroups(undefined)).toEqual(GROUP_NAMES);
  expect(parseGroups('conv, peaks')).toEqual(['peaks', 'conv']);
  expect(() => parseGroups('peaks,matmull')).toThrow('"matmull"; did you mean matmul?');
});

test('a group brings what it is compared with', () => {
  const groups = casesFor(['shift']).map(({ group }) => group);
  const shifts = KERNEL_CASES.filter(({ group }) => group === 'shift').length;
  expect(groups).toEqual([...new Array(shifts).fill('conv'), ...new Array(shifts).fill('shift')]);
  expect(casesFor(['peaks'])).toEqual([]);
});
