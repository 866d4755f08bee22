/**
 * A run as a worker opens it: data from where this machine has them, everything else from the run's card. A run on
 * sentences brings its subwords along, which are never learned again here.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { writeFileAtomic } from '../core/atomic.ts';
import { internal } from '../core/errors.ts';
import type { StoreOptions } from '../data/picturestore.ts';
import { isTranslationSource } from '../data/text/open.ts';
import type { ImageJobs, JobTypes } from '../runs/evaluation/evaluator.ts';
import { imageWorkplace, type Workplace } from '../runs/evaluation/workplace.ts';
import { DEFAULT_CONFIG } from '../runs/options.ts';
import { openJobContext } from '../runs/pipeline/job-context.ts';
import { openSentences } from '../runs/translation/context.ts';
import type { SentenceJobs } from '../runs/translation/jobs.ts';
import { SUBWORDS } from '../runs/translation/subwords-file.ts';
import { sentenceWorkplace } from '../runs/translation/workplace.ts';
import { parseSpace } from '../spaces/schema.ts';
import { parseTranslationSpace } from '../spaces/seq2seq/schema.ts';
import type { BlobCache, Blobs } from './blobs.ts';
import type { RunCard } from './run-card.ts';
import { fetchTeacher } from './teacher-blobs.ts';

/** What a worker has. */
export interface Own {
  readonly backend: Backend;
  /** Jobs at once, as `openEvaluator` takes it. */
  readonly workers?: number | undefined;
  /** Where and how much of pictures is kept decoded. */
  readonly store?: StoreOptions | undefined;
  /** Where this machine has the data; where the run says when absent. */
  readonly data?: string | undefined;
  /** Folder of blobs and checkpoints. */
  readonly folder: string;
  /** Seconds between checkpoints. */
  readonly saveEvery: number;
  readonly blobs: Blobs;
  readonly cache: BlobCache;
}

/** Where a worker keeps what it has trained for a run. */
export function checkpointsOf(folder: string, run: string): string {
  return join(folder, 'checkpoints', run);
}

/** @throws ShiftAddError when this machine lacks the data, or cannot read it */
export function openWorkplace(run: string, card: RunCard, own: Own): Promise<Workplace<JobTypes>> {
  const checkpoints = checkpointsOf(own.folder, run);
  fs.mkdirSync(checkpoints, { recursive: true });
  return isTranslationSource(card.config.data)
    ? openSentencePlace(card, own, checkpoints)
    : openImagePlace(card, own, checkpoints);
}

async function openImagePlace(
  card: RunCard,
  { backend, workers, store, data, folder, saveEvery, blobs, cache }: Own,
  checkpoints: string,
): Promise<Workplace<ImageJobs>> {
  const teachers = { blobs, cache, folder: join(folder, 'teachers') };
  const teacher = card.teacher && (await fetchTeacher(card.teacher, teachers));
  const config = {
    ...card.config,
    bitExceptions: DEFAULT_CONFIG.bitExceptions,
    ...(data === undefined ? {} : { data }),
    ...(teacher === undefined ? {} : { distill: teacher }),
  };
  const space = parseSpace(card.space, `the space of ${card.place}`);
  const context = await openJobContext(config, space, { backend, workers, store });
  return imageWorkplace({ ...context, quantisation: card.quantisation, checkpoints, saveEvery });
}

async function openSentencePlace(
  card: RunCard,
  { backend, data, saveEvery, blobs, cache }: Own,
  checkpoints: string,
): Promise<Workplace<SentenceJobs>> {
  const config = { ...card.config, ...(data === undefined ? {} : { data }) };
  const space = parseTranslationSpace(card.space, `the space of ${card.place}`);
  const subwordsFile = join(checkpoints, SUBWORDS);
  writeFileAtomic(subwordsFile, await cache.get(card.subwords ?? internal('a card without subwords'), blobs));
  const { context } = await openSentences(
    ...[{ config, space, subwordsFile, checkpoints, saveEvery }, backend],
  );
  return sentenceWorkplace(context);
}
