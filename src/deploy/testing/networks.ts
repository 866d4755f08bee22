/** Small networks of every kind, as they are after some training: no gamma is 0, norms are calibrated. */
import { Graph } from '../../autograd/graph.ts';
import type { Backend } from '../../backends/backend.ts';
import { Random } from '../../core/random.ts';
import { sizeOf } from '../../core/shapes.ts';
import type { Workload } from '../../hardware/workload.ts';
import type { OperatorName } from '../../operators/names.ts';
import type { MapSize } from '../../operators/operator.ts';
import { networkWorkloads, planNetwork } from '../../spaces/layout.ts';
import { retrainedSpace } from '../../spaces/retrained.ts';
import { Network } from '../../supernet/network.ts';
import { DEFAULT_SHARING, type SharingConfig } from '../../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from '../../supernet/toy.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { baselinePlan, findBaseline, planWorkloads, ZooNetwork } from '../../zoo/index.ts';
import { evaluated, proofImages } from '../inputs.ts';

export interface TestNetwork {
  readonly network: TrainableNetwork<unknown>;
  readonly path: unknown;
  readonly image: MapSize;
  readonly classes: number;
  readonly loads: readonly Workload[];
}

export const ALONE: SharingConfig = { ...DEFAULT_SHARING, families: [] };

/** A path of the toy space: `add,shift,attention`. */
export function toyNetwork(
  backend: Backend,
  operators: readonly OperatorName[],
  sharing = ALONE,
  space = TOY_SPACE,
): TestNetwork {
  const genotype = toyPath(...operators);
  const config = { space, task: TOY_TASK, sharing, genotype };
  const network = new Network(backend, config, Random.fromSeed(1));
  const loads = networkWorkloads(planNetwork(space, genotype, TOY_TASK));
  return aged({ network, path: genotype, image: TOY_TASK.image, classes: TOY_TASK.classes, loads });
}

/** The same in the published form, with two heads: SiLU and squeeze-excite. */
export function publishedNetwork(backend: Backend, operators: readonly OperatorName[]): TestNetwork {
  const form = { blocks: 'published', lastStride: 2, width: 1, taught: true } as const;
  return toyNetwork(backend, operators, ALONE, retrainedSpace(TOY_SPACE, form));
}

/** A network of the zoo on images of `side` pixels. */
export function zooNetwork(backend: Backend, name: string, side: number, sharing = ALONE): TestNetwork {
  const baseline = findBaseline(name);
  if (baseline === undefined) throw new Error(`${name} is no baseline`);
  const image = { h: side, w: side, c: 3 };
  const plan = baselinePlan(baseline, image, 5);
  const own = baseline.shift === undefined ? sharing : { ...sharing, shift: baseline.shift };
  const network = new ZooNetwork(backend, { plan, sharing: own }, Random.fromSeed(1));
  return aged({ network, path: null, image, classes: 5, loads: planWorkloads(plan.steps) });
}

function aged(test: TestNetwork): TestNetwork {
  const { network, path, image } = test;
  const { backend } = network.store;
  for (const { name, shape, value } of network.store.parameters()) {
    if (!/\.(gamma|beta|bias)$/.test(name)) continue;
    const random = Random.fromSeed(2).split(name);
    const middle = name.endsWith('.gamma') ? 1 : 0;
    backend.write(
      value,
      Float32Array.from({ length: sizeOf(shape) }, () => middle + 0.2 * random.normal()),
    );
  }
  const graph = new Graph(backend, { training: false });
  try {
    const x = graph.values(proofImages(image, 16), [16, image.h, image.w, image.c]);
    network.forward(x, path, { mode: { kind: 'calibrate', batch: 0 } });
  } finally {
    graph.close();
  }
  return test;
}

/** Its logits of `count` proof images. */
export function logitsOf({ network, path, image }: TestNetwork, count: number): Promise<Float32Array> {
  return evaluated(network, path, image, proofImages(image, count));
}
