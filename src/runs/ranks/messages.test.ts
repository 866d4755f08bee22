/** What ranks tell each other, played one after the other in this process. */
import { expect, test } from 'vitest';
import type { Ranks } from '../../training/ranks.ts';
import type { Score } from '../../training/score.ts';
import { shareScores } from './messages.ts';

/** What `told` returns on each of `size` ranks: a first pass hears what all give, a second one answers with the sum. */
function onRanks<T>(size: number, told: (ranks: Ranks) => T): T[] {
  const given: Float32Array[] = [];
  const play = (rank: number, sumNumbers: Ranks['sumNumbers']) =>
    told({ rank, size, sumNumbers } as unknown as Ranks);
  const all = Array.from({ length: size }, (_, rank) => rank);
  for (const rank of all) play(rank, (values) => given.push(values.slice()));
  return all.map((rank) =>
    play(rank, (values) => {
      for (const i of values.keys()) values[i] = given.reduce((sum, of) => sum + of[i], 0);
    }),
  );
}

test('scores of all ranks arrive on all of them with all their bits, a loss without end as well', () => {
  const scores: Score[] = [
    { loss: Math.PI, accuracy: 1 / 3 },
    { loss: Number.POSITIVE_INFINITY, accuracy: 0 },
    { loss: 5e-324, accuracy: 0.1 },
  ];
  const found = onRanks(2, (ranks) =>
    shareScores(
      ranks,
      scores.map((score, i) => (i % 2 === ranks.rank ? score : undefined)),
    ),
  );
  expect(found).toEqual([scores, scores]);
});
