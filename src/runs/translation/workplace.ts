/** What jobs of a run on sentences are done with, as who sends jobs between machines knows it. */

import { Random } from '../../core/random.ts';
import { fingerprintPairs } from '../../data/fingerprint.ts';
import type { Workplace } from '../evaluation/workplace.ts';
import type { SentenceContext } from './context.ts';
import type { SentenceJobs } from './jobs.ts';
import { SentenceEvaluator } from './sentence-evaluator.ts';
import { untrainedSupernet } from './untrained.ts';

export function sentenceWorkplace(context: SentenceContext): Workplace<SentenceJobs> {
  const { config, backend, space, dataset, subwordsFile } = context;
  return {
    ...{ config, backend, space, subwordsFile, unreadable: new Set() },
    data: fingerprintPairs(dataset),
    evaluator: (workers) => new SentenceEvaluator(context, workers),
    supernet: () => untrainedSupernet(context, Random.fromSeed(0)),
  };
}
