/** What a run on images computes, small: a supernet of all operator families is trained for a few steps, paths are scored. */
import { createHash } from 'node:crypto';
import type { Backend } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import { BatchMaker } from '../data/batches.ts';
import { drawGlyphs } from '../data/glyphs/glyphs.ts';
import { weightsAddress } from '../runs/evaluation/weights-address.ts';
import { decode } from '../spaces/genotype.ts';
import { loadSpace } from '../spaces/load.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { AdamW, DEFAULT_ADAMW } from '../training/adamw.ts';
import { imageLoss } from '../training/image-loss.ts';
import { calibrate, HeldBatches, score } from '../training/score.ts';
import { trainStep } from '../training/trainer.ts';

/** Between them every family, in space `micro`. */
const PATHS = ['1-2:c|ad', '1-2:d|sa', '1-2:s|ac'];
const STEPS = 3;
const BATCH = 16;

/** SHA-256 of weights and scores, hexadecimal. */
export async function probeImages(backend: Backend): Promise<string> {
  const space = loadSpace('micro');
  const task = { image: { h: 16, w: 16, c: 1 }, classes: 10 };
  const { train: set } = drawGlyphs({ seed: 1, train: 2 * BATCH, test: 1, size: 16 });
  const normal = { classes: Array.from({ length: 10 }, String), mean: [0.2], deviation: [0.3] };
  const maker = new BatchMaker({ set, normal, batchSize: BATCH });
  const shape = [16, 16, 1] as const;
  const { stepsPerEpoch } = maker;
  const batches = {
    stepsPerEpoch,
    shape,
    classes: 10,
    batch: (step: number) => maker.batch(0, step % stepsPerEpoch),
  };
  const network = new Network(backend, { space, task, sharing: DEFAULT_SHARING }, Random.fromSeed('probe'));
  const optimiser = new AdamW(backend, network.store.parameters(), {
    ...DEFAULT_ADAMW,
    families: DEFAULT_SHARING.families,
  });
  const held = new HeldBatches(backend, batches, [maker.batch(0, 0), maker.batch(0, 1)]);
  try {
    const paths = PATHS.map((word) => decode(space, word));
    const schedule = { kind: 'cosine', rate: 0.01, warmupSteps: 1, steps: STEPS, floor: 0 } as const;
    const path = (step: number) => paths[step % paths.length];
    const loss = imageLoss({
      batches,
      forward: (x, step) => ({ logits: network.forward(x, path(step), { mode: { kind: 'train' } }) }),
    });
    for (let step = 0; step < STEPS; step++) trainStep({ backend, schedule, optimiser, loss }, step);
    const hash = createHash('sha256').update(await weightsAddress(network));
    for (const genotype of paths) {
      calibrate(network, genotype, held);
      hash.update(JSON.stringify(await score(network, genotype, held)));
    }
    return hash.digest('hex');
  } finally {
    held.dispose();
    optimiser.dispose();
    network.dispose();
  }
}
