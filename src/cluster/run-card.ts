/**
 * What a run says of itself to workers: all that its results depend on, and where it comes from. A worker that differs
 * in any of it takes no job; the sentence why goes to both sides.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { ShiftAddError } from '../core/errors.ts';
import type { Job, JobTypes } from '../runs/evaluation/evaluator.ts';
import { nameOf } from '../runs/evaluation/train-network.ts';
import type { Workplace } from '../runs/evaluation/workplace.ts';
import type { RunConfig } from '../runs/options.ts';
import type { AnySpace } from '../spaces/load.ts';
import { encodeTranslation } from '../spaces/seq2seq/genotype.ts';
import type { Quantisation } from '../supernet/quantisation.ts';
import { version } from '../version.ts';
import { sha256Of } from './blobs.ts';
import { probe } from './probe.ts';
import { programCode } from './program-code.ts';
import type { TeacherBlobs } from './teacher-blobs.ts';

/** Raised whenever tables, jobs or results mean something else than before. */
export const PROTOCOL = 3;

export interface RunCard {
  readonly protocol: number;
  readonly version: string;
  /** Of the program (program-code.ts): checkouts of one version may differ. */
  readonly code: string;
  /** For people: `host:folder`. */
  readonly place: string;
  /** The backend, for people: `native: avx512, 2 threads`. */
  readonly computes: string;
  /** What it computes, as bits (probe.ts). */
  readonly probe: string;
  /** Of the data (src/data/fingerprint.ts). */
  readonly data: string;
  readonly config: RunConfig;
  readonly space: AnySpace;
  /** What --bit-exceptions and its kin came to: their file may not be on the worker. */
  readonly quantisation?: Quantisation | undefined;
  readonly teacher?: TeacherBlobs;
  /** Of runs on sentences, SHA-256 of the blob that says how they become subwords: workers do not learn them again. */
  readonly subwords?: string;
  /** Seconds without a sign of life after which a job is handed to another worker. */
  readonly lease: number;
}

/** Seconds; SHIFTADDNAS_LEASE sets another one, for the searching machine alone. */
const LEASE = 300;

/** `dir`: the run's folder. */
export async function runCard(workplace: Workplace<JobTypes>, dir: string): Promise<RunCard> {
  const { backend, data, config, space, quantisation, subwordsFile } = workplace;
  return {
    protocol: PROTOCOL,
    version,
    code: programCode(),
    place: `${hostname()}:${resolve(dir)}`,
    computes: backend.description,
    probe: await probe(backend),
    data,
    config,
    space,
    quantisation,
    ...(subwordsFile === undefined ? {} : { subwords: sha256Of(fs.readFileSync(subwordsFile)) }),
    lease: leaseSeconds(),
  };
}

function leaseSeconds(): number {
  const text = process.env.SHIFTADDNAS_LEASE || String(LEASE);
  const lease = Number(text);
  if (Number.isInteger(lease) && lease > 0) return lease;
  const sentence = `SHIFTADDNAS_LEASE must be a whole number of seconds of at least 1, but got "${text}"`;
  throw new ShiftAddError('usage', sentence);
}

/**
 * Equal for a run and the same run resumed, so that results which came while nobody waited are found. Nothing that a
 * result does not depend on is in it, but for the folder: two runs never share a queue.
 */
export function runId({ computes: _, lease: __, teacher: ___, ...determined }: RunCard): string {
  return uuidOf(determined);
}

/** A job has one identifier, however often it is asked for, and whatever order its keys have. */
export function jobId(run: string, job: Job<JobTypes>): string {
  return uuidOf([run, sorted(job)]);
}

/** The same value with the keys of every object in their order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** For people: `2-2:cc|cc scored`, `resnet-20 trained`. */
export function deedOf(job: Job<JobTypes>): string {
  if (job.kind === 'evaluate') return `${job.genotype} scored`;
  return `${'network' in job ? encodeTranslation(job.network) : nameOf(job.architecture)} trained`;
}

function uuidOf(value: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(value)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
