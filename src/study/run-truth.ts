/**
 * Ranked paths trained alone: what supernets are compared with. One training serves every scheme, so they are done once
 * for each data set and seed.
 */
import { internal } from '../core/errors.ts';
import { loadPhase, measuredPhase, type RunContext, savePhase } from '../runs/pipeline/context.ts';
import { spaceSubject } from '../runs/pipeline/space-subject.ts';
import { type TrainTask, trainTasks } from '../runs/pipeline/train-jobs.ts';
import { encode } from '../spaces/genotype.ts';
import type { Genotype } from '../spaces/space.ts';
import type { Score } from '../training/score.ts';
import type { TruthCell } from './cells.ts';
import type { TruthFigures } from './figures.ts';
import { rankedPaths } from './paths.ts';
import { aloneContext } from './run-network.ts';

export async function runTruth(given: RunContext, cell: TruthCell): Promise<TruthFigures> {
  const context = aloneContext(given);
  const energyMj = (genotype: Genotype) => context.pricer.price(genotype).energyMj;
  const paths = rankedPaths(context.space, cell.rankPaths, energyMj).filter(
    (_, i) => i % cell.of === cell.index,
  );
  const scores = await measureAlone(context, paths);
  return {
    kind: 'truth',
    epochs: context.config.epochs,
    paths: paths.map((genotype, i) => ({
      genotype: encode(genotype),
      ...scores[i],
      energyMj: energyMj(genotype),
    })),
  };
}

/** Loss and accuracy on held-out images of each path, trained one after the other. */
async function measureAlone(context: RunContext, paths: readonly Genotype[]): Promise<Score[]> {
  const scores = new Map<number, Score>();
  const tasks: (TrainTask & { readonly path: number })[] = [];
  for (const [path, genotype] of paths.entries()) {
    const phase = `truth:${path + 1}`;
    const measured = loadPhase<{ readonly score: Score }>(context, measuredPhase(phase));
    if (measured !== undefined) {
      scores.set(path, measured.state.score);
      continue;
    }
    const { architecture, key } = spaceSubject(context, genotype);
    const job = { kind: 'train', phase, architecture, tests: false } as const;
    const title = `training path ${path + 1} of ${paths.length} alone (${key})`;
    tasks.push({ job, title, place: { index: path + 1, of: paths.length }, path });
  }
  for await (const { task, result } of trainTasks(context, tasks)) {
    const { loss, accuracy } = result.validation;
    await savePhase(context, measuredPhase(task.job.phase), { score: { loss, accuracy } });
    scores.set(task.path, { loss, accuracy });
  }
  return paths.map((_, path) => scores.get(path) ?? internal(`path ${path + 1} was not trained`));
}
