/**
 * A genotype laid out: which block stands where, with all its sizes. Everything that needs to know what a network
 * looks like (weights, prices, pictures) starts here.
 */
import { type Shape, windowOutput } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import {
  activationWorkload,
  linearWorkload,
  normWorkload,
  siluWorkload,
  windowWorkload,
} from '../layers/workloads.ts';
import { activationOf } from '../operators/form.ts';
import { OPERATORS } from '../operators/index.ts';
import type { OperatorName } from '../operators/names.ts';
import type { BlockPlan, MapSize } from '../operators/operator.ts';
import type { Genotype, Space } from './space.ts';
import { layerStages, stageStride } from './stage-layers.ts';

/** What the data asks of a network. */
export interface Task {
  readonly image: MapSize;
  readonly classes: number;
}

export interface StemPlan {
  readonly input: MapSize;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  /** After the convolution. */
  readonly map: MapSize;
  readonly pool: Space['stem']['pool'];
  readonly activation: 'relu' | 'silu';
  /** After the pool. */
  readonly output: MapSize;
}

export interface PlacedBlock {
  readonly layer: number;
  readonly stage: number;
  readonly operator: OperatorName;
  readonly plan: BlockPlan;
}

export interface NetworkPlan {
  readonly task: Task;
  readonly stem: StemPlan;
  readonly blocks: readonly PlacedBlock[];
  readonly features: MapSize;
  /** Linear heads, whose logits are averaged. */
  readonly heads: 1 | 2;
}

export function planStem(space: Space, image: MapSize): StemPlan {
  const { channels, kernel, stride, pool } = space.stem;
  const pad = Math.floor((kernel - 1) / 2);
  const h = windowOutput(image.h, kernel, stride, pad);
  const w = windowOutput(image.w, kernel, stride, pad);
  const pooled = (extent: number): number => {
    switch (pool) {
      case 'max3':
        return windowOutput(extent, 3, 2, 1);
      case 'max2':
        return windowOutput(extent, 2, 2, extent % 2);
      case 'none':
        return extent;
    }
  };
  const map = { h, w, c: channels };
  return {
    input: image,
    kernel,
    stride,
    pad,
    map,
    pool,
    activation: activationOf({ form: space.blocks }),
    output: { h: pooled(h), w: pooled(w), c: channels },
  };
}

/** Lays out stem, blocks and head of a genotype for images of the task's size. */
export function planNetwork(space: Space, genotype: Genotype, task: Task): NetworkPlan {
  const stem = planStem(space, task.image);
  const stages = layerStages(genotype.lengths);
  let input = stem.output;
  const blocks = stages.map((stage, layer): PlacedBlock => {
    const plan = planBlock(space, input, layer, stage, layer === 0 ? 0 : stages[layer - 1]);
    input = plan.output;
    return { layer, stage, operator: genotype.operators[layer], plan };
  });
  return { task, stem, blocks, features: input, heads: space.heads ?? 1 };
}

/** One layer in `stage`, reading `input` that a layer of stage `before` wrote. */
export function planBlock(
  space: Space,
  input: MapSize,
  layer: number,
  stage: number,
  before: number,
): BlockPlan {
  const { channels: c, kernel } = space.stages[stage];
  const entry = stage !== before;
  const stride = entry ? stageStride(space, stage) : 1;
  const reduced = (extent: number) => Math.ceil(extent / stride);
  return {
    name: `layer${layer}.stage${stage}`,
    input,
    output: { h: reduced(input.h), w: reduced(input.w), c },
    inner: Math.max(1, Math.round(c / 4)),
    stride,
    headWidth: space.headWidth,
    ...(kernel === undefined ? {} : { kernel }),
    shortcut: stride === 2 ? space.shortcut : input.c === c ? 'identity' : 'project',
    ...(space.blocks === 'published' ? { form: 'published' as const } : {}),
    ...(entry && stride === 1 ? { entry } : {}),
  };
}

/** Shape of the stem's convolution. */
export function stemWeight({ kernel, input, map }: StemPlan): Shape {
  return [kernel, kernel, input.c, map.c];
}

export function stemWorkloads({ input, map, kernel, stride, activation }: StemPlan): Workload[] {
  const family = 'stem';
  return [
    windowWorkload({
      name: 'stem.conv',
      kind: 'conv',
      family,
      h: input.h,
      w: input.w,
      c: input.c,
      r: kernel,
      s: kernel,
      m: map.c,
      e: map.h,
      f: map.w,
      stride,
      groups: 1,
    }),
    normWorkload('stem.norm', family, map.h, map.w, map.c),
    (activation === 'silu' ? siluWorkload : activationWorkload)(
      `stem.${activation}`,
      family,
      map.h,
      map.w,
      map.c,
    ),
  ];
}

export function headWorkloads({ features, task, heads }: NetworkPlan): Workload[] {
  const linear = (name: string) => linearWorkload(`head.${name}`, 'head', 1, features.c, task.classes);
  return heads === 1 ? [linear('linear')] : [linear('linear'), linear('distillation')];
}

/** All work of one image through a network, first to last. */
export function networkWorkloads(network: NetworkPlan): Workload[] {
  return [
    ...stemWorkloads(network.stem),
    ...network.blocks.flatMap(({ operator, plan }) => OPERATORS[operator].workloads(plan)),
    ...headWorkloads(network),
  ];
}
