import type { Random } from '../core/random.ts';
import { allowsLengths } from './count.ts';
import { type SampleMode, sample } from './sample.ts';
import { settle } from './settle.ts';
import type { Genotype, Space } from './space.ts';
import { layerCount, layerStages, stageStarts } from './stage-layers.ts';

/**
 * The moves of the evolution. `mutate` follows the published one (spec 6.2): sometimes a fresh network, otherwise
 * every layer redraws its operator among those of its own stage with a small probability. There the stage lengths
 * never change but by replacement, since every network has 16 layers in few tuples; a space whose tuples differ
 * more also moves to the nearest other tuple with probability `stageMutation`. Where ties and exclusions bind the
 * choices, a child is settled to the nearest network that keeps them.
 */
export interface MutationRates {
  /** Probability of a fresh random network instead. */
  readonly replacement: number;
  /** Probability that a layer redraws its operator (it may draw the same). */
  readonly layer: number;
  /** Probability of moving to a nearest other tuple of stage lengths. */
  readonly stageMutation: number;
  /** How a replacement is drawn. */
  readonly sampling?: SampleMode;
}

/** The released settings (spec 6.2). */
export const PUBLISHED_RATES: MutationRates = { replacement: 0.2, layer: 0.2, stageMutation: 0 };
/** The default: as published, and one child in four changes the number of layers of its stages. */
export const DEFAULT_RATES: MutationRates = { replacement: 0.2, layer: 0.2, stageMutation: 0.25 };

export function mutate(
  space: Space,
  parent: Genotype,
  random: Random,
  rates: MutationRates = DEFAULT_RATES,
): Genotype {
  if (random.boolean(rates.replacement)) return sample(space, random, rates.sampling);
  const moved = random.boolean(rates.stageMutation) ? moveStages(space, parent, random) : parent;
  const stages = layerStages(moved.lengths);
  const redrawn = {
    space: space.name,
    lengths: [...moved.lengths],
    operators: moved.operators.map((name, layer) =>
      random.boolean(rates.layer) ? random.choice(space.stages[stages[layer]].operators) : name,
    ),
  };
  return settle(space, redrawn, random);
}

/**
 * The same network with other stage lengths: a tuple drawn among the nearest (fewest layers added and removed).
 * A stage keeps its first layers; layers it gains are drawn.
 */
export function moveStages(space: Space, parent: Genotype, random: Random): Genotype {
  const nearest = nearestTuples(space, parent.lengths);
  if (nearest.length === 0) return parent;
  const lengths = random.choice(nearest);
  return settle(
    space,
    withLengths(parent, lengths, (stage) => random.choice(space.stages[stage].operators)),
    random,
  );
}

/**
 * All networks one change away, in a fixed order: one layer with another of its stage's operators, then the nearest
 * stage lengths, whose new layers take each operator in turn. Where rules bind the choices, each is settled to the
 * nearest network that keeps them; only there, and where a new layer may not have the operator, is anything drawn.
 */
export function neighbours(space: Space, parent: Genotype, random: Random): Genotype[] {
  const changed = layerStages(parent.lengths).flatMap((stage, layer) =>
    space.stages[stage].operators
      .filter((name) => name !== parent.operators[layer])
      .map((name) => ({ ...parent, operators: parent.operators.with(layer, name) })),
  );
  const moved = nearestTuples(space, parent.lengths).flatMap((lengths) => {
    const gaining = space.stages.filter((_, stage) => lengths[stage] > parent.lengths[stage]);
    if (gaining.length === 0) return [withLengths(parent, lengths, () => parent.operators[0])];
    return [...new Set(gaining.flatMap(({ operators }) => operators))].map((name) =>
      withLengths(parent, lengths, (stage) => {
        const { operators } = space.stages[stage];
        return operators.includes(name) ? name : random.choice(operators);
      }),
    );
  });
  return [...changed, ...moved].map((wanted) => settle(space, wanted, random));
}

/** The other tuples of stage lengths with the fewest layers added and removed. */
function nearestTuples(space: Space, from: readonly number[]): (readonly number[])[] {
  let nearest: (readonly number[])[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const lengths of space.stageLengths) {
    const distance = lengths.reduce((sum, length, i) => sum + Math.abs(length - from[i]), 0);
    if (distance === 0 || distance > least) continue;
    if (distance < least) nearest = [];
    least = distance;
    nearest.push(lengths);
  }
  return nearest;
}

/** The network with these stage lengths: a stage keeps its first layers, and `gained` says what new ones have. */
function withLengths(
  parent: Genotype,
  lengths: readonly number[],
  gained: (stage: number) => Genotype['operators'][number],
): Genotype {
  const starts = stageStarts(parent.lengths);
  const operators = lengths.flatMap((length, stage) =>
    Array.from({ length }, (_, i) =>
      i < parent.lengths[stage] ? parent.operators[starts[stage] + i] : gained(stage),
    ),
  );
  return { space: parent.space, lengths: [...lengths], operators };
}

/**
 * A child of two networks. With equally many layers it follows the published rule (spec 6.2): a layer that runs in
 * the same stage in both takes the operator of either; where the stages differ, one coin per child takes always the
 * deeper (lower resolution) or always the shallower layer. If the released rule leaves the allowed tuples, the other side of
 * the coin is tried, and then the mixing goes stage by stage, which also serves parents of unequal depth.
 */
export function crossover(space: Space, a: Genotype, b: Genotype, random: Random): Genotype {
  if (layerCount(a.lengths) === layerCount(b.lengths)) {
    const deeper = random.boolean();
    const child = byLayer(space, a, b, deeper, random) ?? byLayer(space, a, b, !deeper, random);
    if (child) return settle(space, child, random);
  }
  return settle(space, byStage(space, a, b, random), random);
}

/**
 * The same with one coin and nothing after it, as the released code has it (spec 6.2). Where its child leaves the allowed
 * tuples, the release keeps it: its supernet holds every layer at every resolution. Here a genotype outside its space
 * has a price but no place: where it is scored, saved and retrained it is read from its word, and a word that names no
 * network of the space is refused. So the first parent stands in for such a child, which a search has seen: the try is
 * spent. Parents of unequal depth, which the release does not have, are mixed as `crossover` does.
 */
export function releasedCrossover(space: Space, a: Genotype, b: Genotype, random: Random): Genotype {
  if (layerCount(a.lengths) !== layerCount(b.lengths)) return crossover(space, a, b, random);
  const child = byLayer(space, a, b, random.boolean(), random);
  return child === undefined ? a : settle(space, child, random);
}

/** Undefined where the child's stage lengths are not those of the space. */
function byLayer(
  space: Space,
  a: Genotype,
  b: Genotype,
  deeper: boolean,
  random: Random,
): Genotype | undefined {
  const stagesA = layerStages(a.lengths);
  const stagesB = layerStages(b.lengths);
  const pick = deeper ? Math.max : Math.min;
  const stages = stagesA.map((stage, layer) => pick(stage, stagesB[layer]));
  const lengths = space.stages.map((_, s) => stages.filter((stage) => stage === s).length);
  if (!allowsLengths(space, lengths)) return undefined;
  const operators = stages.map((stage, layer) => {
    const same = stagesA[layer] === stagesB[layer];
    const fromA = same ? random.boolean() : stagesA[layer] === stage;
    return (fromA ? a : b).operators[layer];
  });
  return { space: space.name, lengths, operators };
}

/** Draws of mixed stage lengths before a child takes the lengths of one parent. */
const LENGTH_ATTEMPTS = 8;

function byStage(space: Space, a: Genotype, b: Genotype, random: Random): Genotype {
  let lengths: readonly number[] = (random.boolean() ? a : b).lengths;
  for (let attempt = 0; attempt < LENGTH_ATTEMPTS; attempt++) {
    const mixed = a.lengths.map((length, stage) => (random.boolean() ? length : b.lengths[stage]));
    if (allowsLengths(space, mixed)) {
      lengths = mixed;
      break;
    }
  }
  const startsA = stageStarts(a.lengths);
  const startsB = stageStarts(b.lengths);
  const operators = lengths.flatMap((length, stage) =>
    Array.from({ length }, (_, i) => {
      const inA = i < a.lengths[stage];
      const inB = i < b.lengths[stage];
      const fromA = inA && inB ? random.boolean() : inA;
      return fromA ? a.operators[startsA[stage] + i] : b.operators[startsB[stage] + i];
    }),
  );
  return { space: space.name, lengths: [...lengths], operators };
}
