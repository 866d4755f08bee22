/**
 * Ranked paths trained alone: what supernets are compared with. One training serves every scheme, so they are done once
 * for each data set and seed.
 */
import { loadPhase, measuredPhase, type RunContext, savePhase } from '../runs/pipeline/context.ts';
import { spaceSubject } from '../runs/pipeline/space-subject.ts';
import { trainAlone } from '../runs/pipeline/train-alone.ts';
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
  const found: TruthFigures['paths'][number][] = [];
  for (const [i, genotype] of paths.entries()) {
    const place = { index: i + 1, of: paths.length };
    const { loss, accuracy } = await measureAlone(context, place, genotype);
    found.push({ genotype: encode(genotype), loss, accuracy, energyMj: energyMj(genotype) });
  }
  return { kind: 'truth', epochs: context.config.epochs, paths: found };
}

async function measureAlone(
  context: RunContext,
  place: { readonly index: number; readonly of: number },
  genotype: Genotype,
): Promise<Score> {
  const { dataset, split } = context;
  const word = encode(genotype);
  const phase = `truth:${place.index}`;
  const measured = loadPhase<{ readonly score: Score }>(context, measuredPhase(phase));
  if (measured !== undefined) return measured.state.score;
  const title = `training path ${place.index} of ${place.of} alone (${word})`;
  const subject = spaceSubject(context, genotype);
  return trainAlone(context, { phase, title, place, subject }, async ({ measure }) => {
    const score = await measure(dataset.train, split.held);
    savePhase(context, measuredPhase(phase), { score });
    return score;
  });
}
