/**
 * A study is a list of cells. A cell is one piece of work with one line in the journal: what it runs (settings of a run
 * and a few names), its seed, which cells must be done before it, and about how long it takes.
 *
 *   supernet    trained with a sharing scheme, then scored on random paths, pure paths and the ranked paths
 *   network     one network trained alone, measured on held-out and test images
 *   truth       some of the ranked paths, each trained alone, measured on held-out images
 *   winner      the best path under the energy limit by a supernet's scores, trained alone like `network`
 *   algorithm   one search algorithm on a trained supernet, with one seed of its own
 */
import { createHash } from 'node:crypto';
import { LATER_SETTINGS, type RunConfig } from '../runs/options.ts';
import type { Space } from '../spaces/space.ts';

export const PARTS = ['sharing', 'ranking', 'uniform', 'operators', 'algorithms', 'zoo'] as const;
export type Part = (typeof PARTS)[number];

interface CellBase {
  /** `cifar10/supernet/q-affine-moments/short/0` */
  readonly id: string;
  readonly part: Part;
  readonly set: string;
  readonly seed: number;
  /** Smaller ones first. */
  readonly wave: number;
  /** Seconds on a machine of the kind the study was planned on. */
  readonly work: number;
  /** Settings of its run; seed 0, for data and split are the same for all seeds. */
  readonly config: RunConfig;
  readonly space: Space;
  readonly needs: readonly string[];
}

export interface SupernetCell extends CellBase {
  readonly kind: 'supernet';
  readonly scheme: string;
  readonly length: 'short' | 'long';
  /** Of its space: `all` or such as `conv+add`. */
  readonly operators: string;
  readonly randomPaths: number;
  /** 0 where the space is not that of the ranked paths. */
  readonly rankPaths: number;
}

export interface NetworkCell extends CellBase {
  readonly kind: 'network';
  readonly network: string;
}

export interface TruthCell extends CellBase {
  readonly kind: 'truth';
  readonly rankPaths: number;
  /** Paths `index`, `index` + `of`, ... of the ranked ones. */
  readonly index: number;
  readonly of: number;
}

export interface WinnerCell extends CellBase {
  readonly kind: 'winner';
  readonly scheme: string;
  readonly length: 'short' | 'long';
  readonly operators: string;
}

export interface AlgorithmCell extends CellBase {
  readonly kind: 'algorithm';
  readonly algorithm: string;
  /** Of the search; `seed` is that of the supernet. */
  readonly searchSeed: number;
}

export type Cell = SupernetCell | NetworkCell | TruthCell | WinnerCell | AlgorithmCell;

/**
 * What decides the figures of a cell, as 12 hexadecimal digits: where data lie and what came before do not, nor settings
 * that are newer than a journal and do what programs without them did.
 */
export function hashOf(cell: Cell): string {
  const { id, part, wave, work, needs, config, ...rest } = cell;
  const { data, space, ...settings } = config;
  const later = new Map(Object.entries(LATER_SETTINGS));
  const telling = Object.entries(settings).filter(([key, value]) => later.get(key) !== value);
  return createHash('sha256')
    .update(JSON.stringify({ ...rest, settings: Object.fromEntries(telling) }))
    .digest('hex')
    .slice(0, 12);
}

/** The folder of a cell's run, below that of the study. Winners and algorithms go on in the run of their supernet. */
export function folderOf(cell: Cell, all: readonly Cell[]): string {
  const [first] = cell.needs;
  const owner = first === undefined ? cell : all.find(({ id }) => id === first);
  return `${(owner ?? cell).id.replace(/[^a-z0-9.+-]+/gi, '.')}-${hashOf(owner ?? cell)}`;
}
