/**
 * The best where scores are only fair within a size: the sizes take turns, the one with the best first, and each gives its
 * next best. Sliced weights train narrow networks in every step and wide ones in few, so that by loss alone a search
 * would never look at wide ones again.
 */
export function inTurns<T>(ranked: readonly T[], count: number, size: (one: T) => string): T[] {
  const queues = queuesBySize(ranked, size);
  const taken: T[] = [];
  for (let turn = 0; taken.length < Math.min(count, ranked.length); turn++)
    for (const queue of queues.values())
      if (turn < queue.length && taken.length < count) taken.push(queue[turn]);
  return taken;
}

/** Those of each size, in their order; the size of the first comes first. */
export function queuesBySize<T>(ranked: readonly T[], size: (one: T) => string): Map<string, T[]> {
  const queues = new Map<string, T[]>();
  for (const one of ranked) {
    const queue = queues.get(size(one));
    if (queue === undefined) queues.set(size(one), [one]);
    else queue.push(one);
  }
  return queues;
}
