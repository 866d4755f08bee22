/**
 * Writes down what a network computes, by letting it run over a backend that keeps a record. Kernels that read weights
 * alone are carried out by the network's own backend, and their results are constants; kernels that read the images are
 * noted and not carried out. No network is described a second time, so a program cannot drift from its network.
 */
import { Graph } from '../autograd/graph.ts';
import { internal } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shapes.ts';
import type { MapSize } from '../operators/operator.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';
import { BATCH, type Program } from './program.ts';
import { Recorder } from './recorder.ts';

/** The program of a network's evaluation of `path` on images of a size. Throws 'run' for a kernel no program knows. */
export async function traceNetwork<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  image: MapSize,
): Promise<Program> {
  const { recorder, input, graph } = recorded(network, path, image);
  try {
    const { operations, shapes } = recorder;
    return { input, operations, shapes, constants: await recorder.constants() };
  } finally {
    graph.close();
  }
}

/** The same without reading any weight. */
export function traceSteps<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  image: MapSize,
): Pick<Program, 'operations' | 'shapes'> {
  const { recorder, graph } = recorded(network, path, image);
  graph.close();
  return recorder;
}

/** Constants live until the graph is closed. */
function recorded<Path>(network: TrainableNetwork<Path>, path: Path, { h, w, c }: MapSize) {
  const recorder = new Recorder(network.store);
  const graph = new Graph(recorder.backend, { training: false });
  try {
    const input: Shape = [BATCH, h, w, c];
    const x = graph.constant(recorder.input(input), input);
    const logits = network.forward(x, path, { mode: { kind: 'evaluate' } });
    const last = recorder.valueOf(logits.buffer);
    const { operations, shapes } = recorder;
    if (last !== operations.length || sizeOf(shapes[last]) !== sizeOf(logits.shape)) {
      internal(`the logits ${showShape(logits.shape)} are value ${last} of ${operations.length}`);
    }
    return { recorder, input, graph };
  } catch (error) {
    graph.close();
    throw error;
  }
}
