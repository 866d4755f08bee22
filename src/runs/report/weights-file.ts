/**
 * histograms.json of a run folder: how the weights of the supernet are distributed, as a JSON array. Likelihoods are
 * mean log-likelihoods of a weight under the best Gaussian and Laplacian, in nats; the larger one fits better.
 */
import fs from 'node:fs';
import { z } from 'zod';
import { ShiftAddError } from '../../core/errors.ts';

const schema = z.array(
  z
    .strictObject({
      layer: z.string(),
      /** `shared` is the tensor itself; `add` and `shift` what those operators read of it. */
      tensor: z.enum(['shared', 'add', 'shift']),
      /** Ascending; one more than counts. */
      edges: z.array(z.number()).min(2),
      counts: z.array(z.int().min(0)).min(1),
      gaussLogLikelihood: z.number(),
      laplaceLogLikelihood: z.number(),
    })
    .refine(({ edges, counts }) => edges.length === counts.length + 1, 'edges must be one more than counts'),
);

export type WeightHistogram = z.output<typeof schema>[number];

/** [] when there is no file. @throws ShiftAddError 'run' when it is damaged */
export function readHistograms(path: string): readonly WeightHistogram[] {
  if (!fs.existsSync(path)) return [];
  try {
    return schema.parse(JSON.parse(fs.readFileSync(path, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? error.issues[0].message : 'it is not JSON';
    throw new ShiftAddError(
      'run',
      `${path} is damaged: ${reason}; delete it and resume the run`,
      { path },
      error,
    );
  }
}
