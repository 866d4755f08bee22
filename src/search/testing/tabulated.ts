/**
 * A space whose every architecture is priced and scored, so that the true front is known. The prices are the real
 * ones; the scores are made up, but as scores are: dearer operators gain more, with falling returns within a stage,
 * some follow each other well, and a part depends on the whole word and can only be found by trying.
 */
import { Random } from '../../core/random.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import type { OperatorName } from '../../operators/names.ts';
import { encode } from '../../spaces/genotype.ts';
import { ArchitecturePricer } from '../../spaces/pricing.ts';
import type { Genotype, Space } from '../../spaces/space.ts';
import { stageStarts } from '../../spaces/stage-layers.ts';
import type { Score, SearchProblem } from '../problem.ts';
import { spaceProblem } from '../space-problem.ts';

const GAIN: Readonly<Record<OperatorName, readonly number[]>> = {
  conv: [0.3, 0.24, 0.18],
  attention: [0, 0.22, 0.26],
  add: [0.24, 0.2, 0.13],
  shift: [0.2, 0.17, 0.12],
};
/** What a layer adds after another: hybrids are worth looking for. */
const FOLLOWS: Readonly<Partial<Record<`${OperatorName}>${OperatorName}`, number>>> = {
  'conv>attention': 0.06,
  'shift>add': 0.05,
  'add>conv': 0.04,
  'attention>attention': -0.05,
};
/** How much of the next layer's gain remains. */
const RETURNS = 0.75;
const NOISE = 0.03;

/** Loss of an architecture of a space with up to three stages. */
export function tabulatedScore(genotype: Genotype): Score {
  const { lengths, operators } = genotype;
  const starts = stageStarts(lengths);
  let gain = 0;
  lengths.forEach((length, stage) => {
    for (let i = 0; i < length; i++) {
      const name = operators[starts[stage] + i];
      gain += (GAIN[name][stage] ?? 0) * RETURNS ** i;
      if (i > 0) gain += FOLLOWS[`${operators[starts[stage] + i - 1]}>${name}`] ?? 0;
    }
  });
  const noise = NOISE * Random.fromSeed(encode(genotype)).uniform();
  const loss = 2.3 * Math.exp(-gain) + noise;
  return { loss, accuracy: Math.exp(-loss) };
}

/** A space as a problem, priced for images of 32 x 32 pixels, on the published accelerator unless said otherwise. */
export function tabulatedProblem(
  space: Space,
  accelerator = 'shiftaddnas-released',
): SearchProblem<Genotype> {
  const task = { image: { h: 32, w: 32, c: 3 }, classes: 10 };
  const pricer = new ArchitecturePricer(space, task, new Pricer(findAccelerator(accelerator), 32));
  return spaceProblem(space, (genotype) => pricer.price(genotype));
}
