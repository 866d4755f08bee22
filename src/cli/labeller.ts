/** Whatever gives a picture its label: a trained network, or an integer program, in the folder that --run names. */
import { Graph } from '../autograd/graph.ts';
import { normalise } from '../data/batches.ts';
import { isProgramFolder, openProgram, readProgram, realLogits } from '../deploy/index.ts';
import type { MapSize } from '../operators/operator.ts';
import { openNetwork } from '../runs/network-files.ts';
import type { CommandContext } from './command.ts';
import { openBackendOf } from './run-options.ts';

export interface Answer {
  /** Of each class, real numbers. */
  readonly logits: ArrayLike<number>;
  /** The same as an integer program gives them. */
  readonly stored?: readonly number[];
}

export interface Labeller {
  readonly image: MapSize;
  readonly classes: readonly string[];
  /** pixels: bytes [h, w, c] of one image. */
  answer(pixels: Uint8Array): Promise<Answer>;
  close(): void;
}

/** @throws ShiftAddError 'run' when the folder holds neither, or is damaged */
export function openLabeller(context: CommandContext, dir: string): Promise<Labeller> {
  return isProgramFolder(dir) ? ofProgram(dir) : ofNetwork(context, dir);
}

async function ofProgram(dir: string): Promise<Labeller> {
  const program = readProgram(dir);
  const { run } = openProgram(program);
  const [h, w, c] = program.values[0].shape;
  return {
    ...{ image: { h, w, c }, classes: program.classes },
    async answer(pixels) {
      const stored = Array.from(run(pixels));
      return { logits: realLogits(program, stored), stored };
    },
    close: () => {},
  };
}

async function ofNetwork(context: CommandContext, dir: string): Promise<Labeller> {
  const backend = await openBackendOf(context);
  try {
    const { description, path, network } = openNetwork(backend, dir);
    const { image } = description.task;
    return {
      ...{ image, classes: description.classes },
      async answer(pixels) {
        const graph = new Graph(backend, { training: false });
        try {
          const x = graph.values(normalise(pixels, description), [1, image.h, image.w, image.c]);
          return { logits: await graph.read(network.forward(x, path, { mode: { kind: 'evaluate' } })) };
        } finally {
          graph.close();
        }
      },
      close: () => backend.dispose(),
    };
  } catch (error) {
    backend.dispose();
    throw error;
  }
}
