/**
 * Do two machines compute the same bits? A small supernet for images and one for sentences are trained for a few steps and
 * paths of them scored; the SHA-256 of weights and scores stands for the backend, its instruction set and its compiler.
 */
import { createHash } from 'node:crypto';
import type { Backend } from '../backends/backend.ts';
import { probeImages } from './probe-images.ts';
import { probeSentences } from './probe-sentences.ts';

/** Hexadecimal. */
export async function probe(backend: Backend): Promise<string> {
  const parts = [await probeImages(backend), await probeSentences(backend)];
  return createHash('sha256').update(parts.join()).digest('hex');
}
