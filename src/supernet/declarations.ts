/**
 * Every tensor a set of blocks needs, as data: counted without allocating anything, or made in a store.
 */
import type { ParameterTraits } from '../autograd/graph.ts';
import { PLAIN, UNDECAYED } from '../autograd/graph.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import {
  constant,
  fanIn,
  fanOut,
  type Initialiser,
  kaimingNormal,
  normal,
  uniform,
} from '../layers/initialisers.ts';
import { lowestPS } from '../layers/shift-weight.ts';
import { OPERATORS } from '../operators/index.ts';
import type { OperatorName } from '../operators/names.ts';
import type { BlockPlan, WeightDeclaration } from '../operators/operator.ts';
import { planBlock, planStem, stemWeight, type Task } from '../spaces/layout.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { layerStages, stageStride } from '../spaces/stage-layers.ts';
import { MONOTONE_PIECES, SLOPE_TRAITS, transportSlopes } from './monotone.ts';
import { ownKey, type SharingConfig, sharedKey, shares, spreadsAdders } from './sharing.ts';

export interface Declaration {
  readonly name: string;
  readonly shape: Shape;
  readonly traits: ParameterTraits;
  readonly initialise: Initialiser;
}

/** Slopes of the released transformation (spec 5.3). */
export const PIECES = 100;
/** Exponents of a 5-bit PS shift weight reach from here to 0 (spec 4.2). */
export const LOWEST_PS_EXPONENT = lowestPS(5);

/** A block at a place, with the family that runs there. */
export interface BlockUse {
  readonly plan: BlockPlan;
  readonly family: OperatorName;
}

function scaleTraits(sharing: SharingConfig): ParameterTraits {
  const { kind, low, high } = sharing.adder;
  const traits: ParameterTraits = { decay: false, rate: 2 };
  return kind === 'bounded' ? { ...traits, bounds: [Math.log(low), Math.log(high)] } : traits;
}

/** Traits of a tensor that several families read: they say what an optimiser does with its gradient. */
function sharedTraits({ gradient = 'moments' }: SharingConfig): ParameterTraits {
  switch (gradient) {
    case 'moments':
      return { ...PLAIN, shared: true };
    case 'normalised':
      // AdderNet's local rate with eta = 1 is a gradient of unit RMS, here for every family
      return { ...PLAIN, localRate: 1 };
    case 'plain':
      return PLAIN;
  }
}

/** Traits of a tensor that one family reads. */
function ownTraits({ adder: { eta } }: SharingConfig, family: OperatorName): ParameterTraits {
  return family === 'add' && eta !== undefined ? { ...PLAIN, localRate: eta } : PLAIN;
}

/** Whether a real-valued weight starts from N(0, 1), as the released code draws some (spec 4.1, 5.2). */
function fromUnitNormal(
  sharing: SharingConfig,
  family: OperatorName,
  isShared: boolean,
  shareable: boolean,
): boolean {
  const { transformation, initialisation = 'auto', families } = sharing;
  switch (initialisation) {
    case 'kaiming':
      return false;
    case 'published':
      return isShared || family === 'add' || (shareable && families.includes(family));
    case 'auto':
      if (isShared) return transformation === 'released';
      return family === 'add' && (transformation === 'released' || transformation === 'none');
  }
}

/** The scale and offset of an adder's weight, unless they are given numbers, and the slopes of its shape. */
function adderDeclarations(own: string, shape: Shape, sharing: SharingConfig): Declaration[] {
  const { kind, initial, offset, per } = sharing.adder;
  const { transformation } = sharing;
  const out: Declaration[] = [];
  if (!spreadsAdders(transformation)) return out;
  if (kind !== 'fixed') {
    const each: Shape = per === 'channel' ? [shape[shape.length - 1]] : [1];
    const scale = constant(Math.log(initial));
    out.push({ name: `${own}.scale`, shape: each, traits: scaleTraits(sharing), initialise: scale });
    const traits = { decay: false, rate: 2 };
    out.push({ name: `${own}.offset`, shape: each, traits, initialise: constant(offset) });
  }
  if (transformation === 'monotone') {
    const name = `${own}.slopes`;
    out.push({ name, shape: [MONOTONE_PIECES], traits: SLOPE_TRAITS, initialise: transportSlopes });
  }
  return out;
}

/** The exponent and sign of a PS weight, as far as they are tensors of its own. */
function separateDeclarations(
  own: string,
  shape: Shape,
  sharing: SharingConfig,
  isShared: boolean,
): Declaration[] {
  const out: Declaration[] = [];
  const low = LOWEST_PS_EXPONENT;
  // the release clamps the exponent itself at every pass
  const traits: ParameterTraits = sharing.shift === 'PS' ? UNDECAYED : { ...UNDECAYED, bounds: [low, 0] };
  if (!isShared) out.push({ name: `${own}.exponent`, shape, traits, initialise: uniform(low, 0) });
  if (isShared && sharing.shift === 'PS-released-v4') {
    out.push({ name: `${own}.sign-slopes`, shape: [PIECES], traits: PLAIN, initialise: normal(1) });
  } else {
    out.push({ name: `${own}.sign`, shape, traits: UNDECAYED, initialise: uniform(-1, 1) });
  }
  return out;
}

/**
 * What the weight of one role is made of: the tensor itself, and what its family or its form adds to it. `own`: what the
 * tensors are called that no other family reads.
 */
export function weightDeclarations(
  place: string,
  family: OperatorName,
  declaration: WeightDeclaration,
  sharing: SharingConfig,
  own = ownKey(place, declaration.role, family),
): Declaration[] {
  const { role, shape, shared, ordinary } = declaration;
  const isShared = shared && shares(sharing, family);
  // what several families read starts as all of them ask for, adders and shifts by their fan-in
  const multiplies = ordinary !== undefined || family === 'attention' || (family === 'conv' && !isShared);
  const fan = multiplies && declaration.fan === 'out' ? fanOut(shape) : fanIn(shape);
  if (ordinary !== undefined) {
    const bias = ordinary === 'bias';
    const traits = bias ? UNDECAYED : PLAIN;
    const initialise = bias ? constant(0) : kaimingNormal(fan);
    return [{ name: own, shape, traits, initialise }];
  }
  const name = isShared ? sharedKey(place, role) : own;
  const out: Declaration[] = [];
  const separate = family === 'shift' && sharing.shift !== 'Q';
  if (!separate || isShared) {
    const unit = fromUnitNormal(sharing, family, isShared, shared);
    const initialise: Initialiser = unit ? normal(1) : kaimingNormal(fan);
    out.push({
      name,
      shape,
      traits: isShared ? sharedTraits(sharing) : ownTraits(sharing, family),
      initialise,
    });
  }
  if (separate) out.push(...separateDeclarations(own, shape, sharing, isShared));
  if (family === 'add') out.push(...adderDeclarations(own, shape, sharing));
  if (sharing.transformation === 'released' && isShared && (family === 'add' || family === 'shift')) {
    out.push({ name: `${own}.slopes`, shape: [PIECES], traits: PLAIN, initialise: normal(1) });
  }
  return out;
}

/** Parameters of one block, shared ones included. */
export function blockDeclarations({ plan, family }: BlockUse, sharing: SharingConfig): Declaration[] {
  const operator = OPERATORS[family];
  return [
    ...operator.weights(plan).flatMap((weight) => weightDeclarations(plan.name, family, weight, sharing)),
    ...operator
      .norms(plan)
      .flatMap(({ role, channels, zero }) =>
        normDeclarations(`${plan.name}.${family}.${role}`, channels, zero),
      ),
  ];
}

/** Scale and offset of batch normalisation. */
export function normDeclarations(name: string, channels: number, zero: boolean): Declaration[] {
  return [
    { name: `${name}.gamma`, shape: [channels], traits: UNDECAYED, initialise: constant(zero ? 0 : 1) },
    { name: `${name}.beta`, shape: [channels], traits: UNDECAYED, initialise: constant(0) },
  ];
}

/** Stem and head: always ordinary multiplications (spec 3.4). */
export function frameDeclarations(space: Space, task: Task, features: number): Declaration[] {
  const shape = stemWeight(planStem(space, task.image));
  const fan = space.blocks === 'published' ? fanOut(shape) : fanIn(shape);
  return [
    { name: 'stem.conv', shape, traits: PLAIN, initialise: kaimingNormal(fan) },
    ...normDeclarations('stem.norm', space.stem.channels, false),
    ...headNames(space).flatMap((name) => headDeclarations(name, features, task.classes)),
  ];
}

/** One head, or one for labels and one for a teacher. */
export function headNames({ heads = 1 }: Space): string[] {
  return heads === 1 ? ['head'] : ['head', 'head.distillation'];
}

function headDeclarations(name: string, features: number, classes: number): Declaration[] {
  const initialise = normal(1 / Math.sqrt(features));
  return [
    { name: `${name}.weight`, shape: [features, classes], traits: PLAIN, initialise },
    { name: `${name}.bias`, shape: [classes], traits: UNDECAYED, initialise: constant(0) },
  ];
}

/** Every block that some network of the space has, or the blocks of one genotype. */
export function* blockUses(space: Space, task: Task, genotype?: Genotype): Iterable<BlockUse> {
  const seen = new Set<string>();
  const sizes = stageSizes(space, task);
  for (const lengths of genotype ? [genotype.lengths] : space.stageLengths) {
    const stages = layerStages(lengths);
    for (const [layer, stage] of stages.entries()) {
      const before = layer === 0 ? 0 : stages[layer - 1];
      const input = layer === 0 ? planStem(space, task.image).output : sizes[before];
      const plan = planBlock(space, input, layer, stage, before);
      const families = genotype ? [genotype.operators[layer]] : space.stages[stage].operators;
      for (const family of families) {
        const key = `${plan.name}/${before}/${family}`;
        if (seen.has(key)) continue;
        seen.add(key);
        yield { plan, family };
      }
    }
  }
}

/** Map sizes of the stages: each halves the one before, rounded up, unless its stride is 1. */
function stageSizes(space: Space, task: Task) {
  let { h, w } = planStem(space, task.image).output;
  return space.stages.map(({ channels }, stage) => {
    const stride = stageStride(space, stage);
    [h, w] = [Math.ceil(h / stride), Math.ceil(w / stride)];
    return { h, w, c: channels };
  });
}

/** All parameters of a space (or of one network of it), each once. */
export function declarations(
  space: Space,
  task: Task,
  sharing: SharingConfig,
  genotype?: Genotype,
): Declaration[] {
  const byName = new Map<string, Declaration>();
  const features = space.stages[space.stages.length - 1].channels;
  for (const declaration of frameDeclarations(space, task, features)) {
    byName.set(declaration.name, declaration);
  }
  for (const use of blockUses(space, task, genotype)) {
    for (const declaration of blockDeclarations(use, sharing)) byName.set(declaration.name, declaration);
  }
  return [...byName.values()];
}

export function countParameters(declared: Iterable<{ readonly shape: Shape }>): number {
  let count = 0;
  for (const { shape } of declared) count += sizeOf(shape);
  return count;
}
