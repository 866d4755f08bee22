/** The jobs of a run on images, in the thread that asks. */
import type { JobContext } from '../pipeline/context.ts';
import { EvaluationImages } from './evaluation-images.ts';
import type { ImageJobs } from './evaluator.ts';
import { InThisThread } from './in-this-thread.ts';
import { scorePath } from './score-path.ts';
import { trainNetwork } from './train-network.ts';

export class InProcess extends InThisThread<ImageJobs> {
  constructor(context: JobContext) {
    const images = new EvaluationImages(context);
    super({
      score: (network, { genotype, share }, between) =>
        scorePath(network, genotype, images.of(share), between),
      train: (job, options) => trainNetwork(context, job, options),
      rest: () => images.dispose(),
    });
  }
}
