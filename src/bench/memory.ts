/**
 * Memory of training. Both sides say by how much the peak of their resident memory grew from the moment before the
 * network was built, in a process of its own each: weights, moments, activations, gradients and scratch space count,
 * the libraries themselves do not.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ShiftAddError } from '../core/errors.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import type { MemoryAnswer, MemoryRequest } from './memory-process.ts';
import { BATCH } from './networks.ts';
import { atMost, type Row } from './row.ts';
import { finishOf } from './timing.ts';

const MB = 1e6;
const STEPS = 20;
const LONG_STEPS = 10_000;
const MARK = 1000;
/** Resident memory wanders with the collector of V8, this much in MB; tensors may not grow at all. */
const WANDERS_MB = 8;

/** No rows for a backend with memory of its own: what the process has in its memory says nothing of it. */
export async function measureMemory(m: Measuring): Promise<Row[]> {
  if (finishOf(m.backend) !== undefined) return [];
  const rows = [await peakRow(m)];
  m.progress(m.long ? 0.1 : 1);
  if (m.long) rows.push(...(await growthRows(m)));
  m.progress(1);
  return rows;
}

async function peakRow(m: Measuring): Promise<Row> {
  stopIfAsked(m);
  const { peak, tensors } = await ask(m, { network: 'cnn', batch: BATCH, steps: STEPS, mark: 1 });
  const peer = await peerPeak(m);
  return {
    ...{ group: 'memory', id: 'cnn', title: 'convolutional network, growth of peak memory' },
    shape: `batch ${BATCH}, ${STEPS} steps; tensors ${(tensors / MB).toFixed(0)} MB`,
    ...{ unit: 'MB', best: peak / MB, median: peak / MB },
    ...(peer === undefined ? {} : { peer: { median: peer / MB, ratio: peak / peer, pairs: 1 } }),
    bars: peer === undefined ? [] : [atMost('peer', peak / peer, 1)],
  };
}

async function peerPeak(m: Measuring): Promise<number | undefined> {
  if (m.freshPeer === undefined) return undefined;
  const peer = await m.freshPeer();
  try {
    const { bytes } = await peer.ask({ memory: 'cnnStep', batch: BATCH, steps: STEPS });
    return typeof bytes === 'number' && bytes > 0 ? bytes : undefined;
  } finally {
    peer.close();
  }
}

async function growthRows(m: Measuring): Promise<Row[]> {
  const { resident, reserved } = await ask(m, {
    ...{ network: 'supernet', batch: 16, steps: LONG_STEPS, mark: MARK },
  });
  const row = (id: string, title: string, [from, to]: readonly [number, number], most: number): Row => ({
    ...{ group: 'memory', id, title },
    shape: `small supernet, step ${MARK} to ${LONG_STEPS}; ${(to / MB).toFixed(0)} MB at the end`,
    ...{ unit: 'MB', best: (to - from) / MB, median: (to - from) / MB },
    bars: [atMost('MB', (to - from) / MB, most)],
  });
  return [
    row('growth-tensors', 'growth of memory for tensors', reserved, 0),
    row('growth-resident', 'growth of resident memory', resident, WANDERS_MB),
  ];
}

type Wanted = Omit<MemoryRequest, 'backend' | 'threads'>;

async function ask(m: Measuring, wanted: Wanted): Promise<MemoryAnswer> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./memory-process.${extension}`, import.meta.url));
  const request: MemoryRequest = { backend: m.backendName, threads: m.backend.threads, ...wanted };
  try {
    const args = [script, JSON.stringify(request)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { signal: m.signal });
    return JSON.parse(stdout);
  } catch (cause) {
    stopIfAsked(m);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ShiftAddError('run', `the process that measures memory failed: ${why}`, {}, cause);
  }
}
