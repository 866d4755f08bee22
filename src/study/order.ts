/**
 * The order of a study's cells: each group of cells, with each seed, has its turn. What matters most is answered first on
 * every data set; then a first look at everything else, on the first data set before the others; then more seeds.
 */
export const GROUPS = [
  ...['main', 'uniform', 'truth', 'truthRest', 'long', 'winner', 'schemes0', 'operators', 'zoo'],
  ...[
    'algorithms',
    'unsharedWinner',
    'schemes1',
    'winners0',
    'winners1',
    'longScale',
    'schemes2',
    'winners2',
  ],
] as const;
export type Group = (typeof GROUPS)[number];

interface Turn {
  readonly group: Group;
  /** Index of the seed. */
  readonly seed: number;
  /** Of the first data set only; that of the others comes later. */
  readonly firstSet?: boolean;
}

const firstSeed = (...groups: readonly Group[]): Turn[] => groups.map((group) => ({ group, seed: 0 }));
const onFirstSet = (...groups: readonly Group[]): Turn[] =>
  firstSeed(...groups).map((turn) => ({ ...turn, firstSet: true }));

const EARLY: readonly Turn[] = [
  ...firstSeed('main', 'uniform', 'truth'),
  // the second seed of the main questions: without it nothing is decided
  ...(['main', 'uniform', 'truth'] as const).map((group) => ({ group, seed: 1 })),
  ...firstSeed('truthRest', 'winner', 'algorithms'),
  ...onFirstSet('schemes0', 'zoo', 'operators', 'long'),
  ...firstSeed('long', 'schemes0', 'zoo', 'operators'),
  ...firstSeed('unsharedWinner', 'schemes1', 'winners0', 'winners1', 'longScale'),
];

/** The rest of the matrix of schemes: after all seeds of everything else. */
const LAST: readonly Group[] = ['schemes2', 'winners2'];

/** Turns of a study with so many seeds, first to last. */
function turns(seeds: number): Turn[] {
  const later = Array.from({ length: Math.max(0, seeds - 1) }, (_, i) => i + 1);
  const between = GROUPS.filter((group) => !LAST.includes(group));
  const each = (groups: readonly Group[], n: readonly number[]) =>
    n.flatMap((seed) => groups.map((group) => ({ group, seed })));
  return [...EARLY, ...each(between, later), ...each(LAST, [0, ...later])];
}

/** Gives every cell its place: of its group, the indices of its seed and of its data set. */
export function ordering(seeds: number): (group: Group, seed: number, set: number) => number {
  const list = turns(seeds);
  return (group, seed, set) =>
    list.findIndex(
      (turn) => turn.group === group && turn.seed === seed && (set === 0 || turn.firstSet !== true),
    );
}
