/** The cells of the study of image networks, most important first: a budget that ends early leaves out the others. */
import type { Space } from '../spaces/space.ts';
import { CellMakers } from './cell-makers.ts';
import type { Cell, SupernetCell } from './cells.ts';
import { ALL_OPERATORS } from './operator-spaces.ts';
import { type Group, ordering } from './order.ts';
import { DEFAULT_SCHEME, UNSHARED } from './schemes.ts';
import { type StudySettings, sourceOf } from './settings.ts';

const UNIFORM = ['all-conv', 'all-add', 'all-shift'];
const MAIN = [UNSHARED, DEFAULT_SCHEME];

/** All cells, most important first. `folder` holds the data sets, `spaceFile` gives the file of a space that is no preset. */
export function imageCells(
  settings: StudySettings,
  folder: string,
  spaceFile: (space: Space) => string,
): Cell[] {
  const cells = settings.sets.flatMap((set, i) => {
    const make = new CellMakers(settings, { set, data: sourceOf(set, folder), spaceFile });
    return cellsOf(settings, make, i).map((cell) => ({ cell, i }));
  });
  return cells.sort((a, b) => a.cell.wave - b.cell.wave || a.i - b.i).map(({ cell }) => cell);
}

function cellsOf(settings: StudySettings, make: CellMakers, set: number): Cell[] {
  const cells: Cell[] = [];
  const place = ordering(settings.seeds.length);
  const parts = Array.from({ length: settings.rankParts }, (_, i) => i);
  const all = settings.operatorSets.includes(ALL_OPERATORS);
  const operatorSets = settings.operatorSets.filter((name) => name !== ALL_OPERATORS);
  /** All algorithms search one and the same supernet. */
  let searched: SupernetCell | undefined;
  for (const [n, seed] of settings.seeds.entries()) {
    const at = (group: Group) => place(group, n, set);
    for (const scheme of MAIN) {
      const from = make.supernet(at('main'), scheme, 'short', seed);
      const isDefault = scheme === DEFAULT_SCHEME;
      if (isDefault) searched ??= from;
      cells.push(
        from,
        make.winner(at(isDefault ? 'winner' : 'unsharedWinner'), from),
        ...(isDefault && all ? [make.operatorWinner(at('operators'), from)] : []),
        make.supernet(at('long'), scheme, 'long', seed),
      );
    }
    for (const name of UNIFORM) cells.push(make.network(at('uniform'), 'uniform', name, seed));
    for (const i of parts) cells.push(make.truth(at(early(n, i) ? 'truth' : 'truthRest'), seed, i));
    for (const operators of operatorSets) {
      const from = make.supernet(at('operators'), DEFAULT_SCHEME, 'short', seed, operators);
      cells.push(from, make.operatorWinner(at('operators'), from));
    }
    for (const name of settings.zoo) cells.push(make.network(at('zoo'), 'zoo', name, seed));
    for (const name of settings.algorithms)
      cells.push(make.algorithm(at('algorithms'), searched!, name, seed));
    for (const group of [0, 1, 2] as const) {
      for (const scheme of settings.schemes[group] ?? []) {
        const from = make.supernet(at(`schemes${group}`), scheme, 'short', seed);
        cells.push(from, make.winner(at(`winners${group}`), from));
        if (scheme === 'free-scale') cells.push(make.supernet(at('longScale'), scheme, 'long', seed));
      }
    }
  }
  return cells;
}

/** A part spans the whole range of energy: two of them give a first tau, and one of a second seed the noise. */
function early(seedIndex: number, part: number): boolean {
  return seedIndex === 0 ? part < 2 : seedIndex === 1 && part === 0;
}
