/**
 * Which layers to time: every distinct shape that networks of a space are made of, and where a family has few, shapes
 * around them, so that a fit has something to learn from and something to be tested on.
 */
import type { Random } from '../../core/random.ts';
import { latencyFamily, type Workload } from '../../hardware/index.ts';
import { linearWorkload, matmulWorkload, windowWorkload } from '../../layers/workloads.ts';
import { networkWorkloads, planNetwork, type Task } from '../../spaces/layout.ts';
import type { SentenceTask } from '../../spaces/seq2seq/pricing.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';
import { spaceSublayers } from '../../spaces/seq2seq/sublayers.ts';
import { vocabularyWorkloads } from '../../spaces/seq2seq/vocabulary.ts';
import { PUBLISHED_TOKENS, sublayerWorkloads } from '../../spaces/seq2seq/workloads.ts';
import type { Genotype, Space } from '../../spaces/space.ts';
import { layerStages } from '../../spaces/stage-layers.ts';

/** A layer to time, with the number of separate products where a matrix product runs in several heads. */
export interface TimedShape {
  readonly load: Workload;
  readonly heads: number;
  /** Whether the space itself has it, or it lies beside one that the space has. */
  readonly own: boolean;
}

/** A lightweight filter: a window over time alone. */
export const isFilter = ({ w, r, s, groups }: Workload) => w === 1 && s === 1 && r > 1 && groups > 1;
/** A layer over rows, each by itself. */
export const isFlat = ({ h, w, r, s }: Workload) => h === 1 && w === 1 && r === 1 && s === 1;

const keyOf = ({ load, heads }: Omit<TimedShape, 'own'>) => {
  const { kind, n, h, w, c, r, s, m, stride, groups, vector } = load;
  return [kind, n, h, w, c, r, s, m, stride, groups, heads, JSON.stringify(vector ?? '')].join();
};

/** Distinct shapes of a space: one network per number of layers and operator shows every block there is. */
export function spaceShapes(space: Space, task: Task, batch: number): TimedShape[] {
  const found = new Map<string, TimedShape>();
  const operators = [...new Set(space.stages.flatMap((stage) => stage.operators))];
  for (const lengths of space.stageLengths) {
    const stages = layerStages(lengths);
    for (const operator of operators) {
      const genotype: Genotype = {
        space: space.name,
        lengths,
        operators: stages.map((stage) =>
          space.stages[stage].operators.includes(operator) ? operator : space.stages[stage].operators[0],
        ),
      };
      for (const load of networkWorkloads(planNetwork(space, genotype, task))) {
        const shape = { load: { ...load, n: load.n * batch }, heads: headsOf(load) * batch };
        const key = keyOf(shape);
        if (!found.has(key)) found.set(key, { ...shape, own: true });
      }
    }
  }
  return [...found.values()];
}

/** Distinct shapes of a translation space: every sublayer it may have, and its words. */
export function translationShapes(
  space: TranslationSpace,
  { tokens = PUBLISHED_TOKENS, vocabulary }: SentenceTask,
  batch: number,
): TimedShape[] {
  const found = new Map<string, TimedShape>();
  const add = (load: Workload, parts: number) => {
    const heads = load.kind === 'matmul' ? parts * batch : 1;
    const shape = { load: { ...load, n: load.n * batch }, heads };
    const key = keyOf(shape);
    if (!found.has(key)) found.set(key, { ...shape, own: true });
  };
  for (const sublayer of spaceSublayers(space)) {
    const heads = sublayer.kind === 'feed-forward' ? 1 : sublayer.heads;
    for (const load of sublayerWorkloads(sublayer, tokens)) add(load, heads);
  }
  if (vocabulary === undefined) return [...found.values()];
  for (const encoder of space.encoder.width) {
    for (const decoder of space.decoder.width) {
      for (const load of vocabularyWorkloads({ encoder, decoder }, tokens, vocabulary)) add(load, 1);
    }
  }
  return [...found.values()];
}

/** Scores multiply each head's queries with its keys (rows = columns), mixing its scores with its values (rows = c). */
function headsOf({ kind, name, n, c, m }: Workload): number {
  if (kind !== 'matmul') return 1;
  const rows = name.endsWith('scores') ? m : c;
  return n % rows === 0 ? n / rows : 1;
}

/** Of the filters around those of a space. */
const WINDOWS = [3, 5, 7, 11, 15, 23, 31];
const FACTORS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** At least `count` shapes a family: those of the space, then others with sizes around theirs. */
export function withNeighbours(shapes: readonly TimedShape[], count: number, random: Random): TimedShape[] {
  const found = new Map(shapes.map((shape) => [keyOf(shape), shape]));
  const families = [...new Set(shapes.map(({ load }) => latencyFamily(load)))].sort();
  for (const family of families) {
    const own = shapes.filter(({ load }) => latencyFamily(load) === family);
    const draws = random.split(family);
    let have = own.length;
    for (let attempt = 0; have < count && attempt < 50 * count; attempt++) {
      const shape = neighbour(draws.choice(own), draws);
      const key = keyOf(shape);
      if (found.has(key)) continue;
      found.set(key, shape);
      have++;
    }
  }
  return [...found.values()];
}

function neighbour({ load, heads }: TimedShape, random: Random): TimedShape {
  const around = (size: number) => Math.max(1, Math.round(size * random.choice(FACTORS)));
  const { name, kind, family, n, c, m, r, s, stride, groups, vector } = load;
  if (kind === 'linear' || (kind === 'shift' && isFlat(load)))
    return { load: { ...linearWorkload(name, family, n, around(c), around(m)), kind }, heads, own: false };
  if (isFilter(load)) {
    const [t, channels, k] = [around(load.h), around(c), random.choice(WINDOWS)];
    const shared = load.heads !== undefined && channels % load.heads === 0 ? load.heads : 1;
    const sizes = { h: t, e: t, c: channels, m: channels, groups: channels, heads: shared, r: k };
    return { load: { ...load, ...sizes, weights: shared * k }, heads, own: false };
  }
  if (kind === 'matmul') {
    const scores = name.endsWith('scores');
    const positions = around(scores ? m : c);
    const width = around(scores ? c : m);
    const parts = Math.max(1, Math.round(heads * random.choice([0.5, 1, 2])));
    const [inputs, outputs] = scores ? [width, positions] : [positions, width];
    return {
      load: matmulWorkload(name, family, parts * positions, inputs, outputs),
      heads: parts,
      own: false,
    };
  }
  // Softmax rows and windows alike: a map scaled as a whole, channels apart, except where they must agree.
  const size = (extent: number) => Math.max(r, Math.round(extent * scale));
  const scale = random.choice(FACTORS);
  const [h, w] = [size(load.h), size(load.w)];
  const inputs = c < 4 ? c : around(c);
  const outputs = groups > 1 || kind === 'vector' ? inputs : around(m);
  const sizes = { name, kind, family, n, h, w, c: inputs, r, s, m: outputs, stride };
  const e = load.e === load.h ? h : Math.ceil(h / stride);
  const f = load.f === load.w ? w : Math.ceil(w / stride);
  const next = windowWorkload({ ...sizes, e, f, groups: groups > 1 ? inputs : 1 });
  return { load: vector === undefined ? next : { ...next, weights: 0, vector }, heads: 1, own: false };
}
