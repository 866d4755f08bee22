/**
 * Runs one cell in its run folder. The phases are those of every run, so a cell that was killed goes on where its
 * checkpoints stand; what a cell adds is measured again, which takes seconds.
 */
import fs from 'node:fs';
import { unreachable } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { createRun, resumeRun } from '../runs/folder.ts';
import type { RunContext } from '../runs/pipeline/context.ts';
import { type SessionOptions, session } from '../runs/pipeline/session.ts';
import type { Cell } from './cells.ts';
import type { Figures } from './figures.ts';
import { runNetwork, working } from './run-network.ts';
import { runAlgorithm, runWinner } from './run-search.ts';
import { runSupernet } from './run-supernet.ts';
import { runTruth } from './run-truth.ts';

export type CellOptions = Pick<SessionOptions, 'backend' | 'bus' | 'signal' | 'saveEvery' | 'openData'>;

export interface CellResult {
  readonly figures: Figures;
  /** Whether the folder held a run already. */
  readonly resumed: boolean;
}

export async function runCell(cell: Cell, dir: string, options: CellOptions): Promise<CellResult> {
  const { config } = cell;
  const resumed = fs.existsSync(`${dir}/config.json`);
  const run = resumed ? resumeRun(dir) : createRun(dir, { command: 'study', config: { ...config } });
  try {
    const figures = await session({ ...options, run, config, resumed }, (context) =>
      // Data and split are those of the run's own seed, everything else follows the cell's.
      figuresOf(cell, working({ ...context, random: Random.fromSeed(cell.seed) })),
    );
    return { figures, resumed: resumed && cell.needs.length === 0 };
  } finally {
    run.close();
  }
}

function figuresOf(cell: Cell, context: RunContext): Promise<Figures> {
  switch (cell.kind) {
    case 'supernet':
      return runSupernet(context, cell);
    case 'network':
      return runNetwork(context, cell);
    case 'truth':
      return runTruth(context, cell);
    case 'winner':
      return runWinner(context, cell);
    case 'algorithm':
      return runAlgorithm(context, cell);
    default:
      return unreachable(cell);
  }
}
