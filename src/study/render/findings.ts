/** The journal's cells, picked by what they are about. */

import type { Figures, FiguresOf } from '../figures.ts';
import type { CellLine } from '../journal.ts';

export interface Found<K extends Figures['kind']> {
  readonly set: string;
  readonly seed: number;
  readonly figures: FiguresOf<K>;
}

/** Those of a data set and a kind, by seed. */
export function pick<K extends Figures['kind']>(
  cells: readonly CellLine[],
  set: string,
  kind: K,
  wanted: (figures: FiguresOf<K>) => boolean = () => true,
): Found<K>[] {
  const found: Found<K>[] = [];
  for (const { set: its, seed, figures } of cells) {
    if (its !== set || figures.kind !== kind) continue;
    const those = figures as FiguresOf<K>;
    if (wanted(those)) found.push({ set, seed, figures: those });
  }
  return found.sort((a, b) => a.seed - b.seed);
}

/** Supernets of a scheme over the whole space. */
export function supernets(
  cells: readonly CellLine[],
  set: string,
  scheme: string,
  length: 'short' | 'long',
): Found<'supernet'>[] {
  return pick(
    cells,
    set,
    'supernet',
    (one) => one.scheme === scheme && one.length === length && one.operators === 'all',
  );
}

/** Winners of supernets over the whole space, under the limit of all searches. */
export function schemeWinners(
  cells: readonly CellLine[],
  set: string,
  scheme: string,
  length: 'short' | 'long' = 'short',
): Found<'winner'>[] {
  const those = cells.filter(({ part }) => part === 'sharing');
  return pick(those, set, 'winner', (one) => one.scheme === scheme && one.length === length);
}

export const setsOf = (cells: readonly CellLine[]) => [...new Set(cells.map(({ set }) => set))];
