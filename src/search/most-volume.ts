import { hypervolumeGain } from '../metrics/hypervolume.ts';
import type { Box } from './box.ts';
import { front } from './front.ts';
import { objectivePoint } from './objectives.ts';
import type { Scored } from './problem.ts';

/**
 * Few that stand for a front: one after the other, always the one that adds most hypervolume to those taken (greedy
 * hypervolume subset selection: Guerreiro, Fonseca and Paquete 2016). The first is the best compromise, the next lie where
 * most of the front is not stood for; what is no better than the corner of the box adds nothing. When all of a front are
 * taken or add nothing, the front of the others follows. Of equals the first of `ranked` is taken.
 */
export function mostVolume<G>(ranked: readonly Scored<G>[], count: number, box: Box): Scored<G>[] {
  const chosen: Scored<G>[] = [];
  let left = ranked;
  while (chosen.length < count && left.length > 0) {
    const taken = fromFront(left, count - chosen.length, box);
    // Nothing in the box is left: those ranked best.
    if (taken.length === 0) return [...chosen, ...left.slice(0, count - chosen.length)];
    chosen.push(...taken);
    left = left.filter((one) => !taken.includes(one));
  }
  return chosen;
}

function fromFront<G>(ranked: readonly Scored<G>[], count: number, { objectives, corner }: Box): Scored<G>[] {
  const points = ranked.map((one) => objectivePoint(one, objectives));
  const candidates = front(points);
  const taken: number[] = [];
  while (taken.length < count) {
    const others = taken.map((i) => points[i]);
    let [next, most] = [-1, 0];
    for (const i of candidates) {
      const gain = taken.includes(i) ? 0 : hypervolumeGain(points[i], others, corner);
      if (gain > most) [next, most] = [i, gain];
    }
    if (next < 0) break;
    taken.push(next);
  }
  return taken.map((i) => ranked[i]);
}
