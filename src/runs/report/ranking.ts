/** Paths trained alone against their scores in the supernet: the closer to a rising line, the better it ranks. */
import { DEFAULT_OBJECTIVES, listObjectives, sameObjectives } from '../../search/objectives.ts';
import type { Result } from '../result.ts';
import { recordedObjectives } from '../searched-for.ts';
import { percent, significant } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { domainOf, drawing, PHONE, plot } from './plot.ts';
import type { Task } from './task.ts';

type Rank = NonNullable<Result['rank']>;
type Paths = Rank['paths'];

/** `Kendall's tau 0.64 (0.21 to 0.92), Spearman's rho 0.79 (0.29 to 0.97)` in sentences. */
export function rankCaption(
  { paths, kendallTau, spearmanRho, confidence, resamples }: Rank,
  { examples }: Pick<Task, 'examples'>,
): string {
  return (
    `${paths.length} paths drawn from the space, each scored with the supernet's weights and then trained alone; ` +
    `both losses are on held-out ${examples}. ${estimate("Kendall's tau", kendallTau)}, ` +
    `${estimate("Spearman's rho", spearmanRho)}; in brackets ${percent(confidence, 0)} intervals by ` +
    `${resamples.toLocaleString('en')} bootstrap resamples of the paths.`
  );
}

/** Which candidates were trained alone for a short time, and that their own losses chose. */
export function trialsCaption(
  { trials = [], triedBaselines = [], offspring = [], ...search }: Result['search'],
  epochs: number,
  { examples }: Pick<Task, 'examples'>,
): string {
  const best = (tried: readonly { readonly loss: number }[]) =>
    significant(Math.min(...tried.map(({ loss }) => loss)), 4);
  const objectives = recordedObjectives(search);
  const taken = sameObjectives(objectives, DEFAULT_OBJECTIVES)
    ? 'Those lowest'
    : `Those that stand best for the front of ${listObjectives(objectives)}`;
  const uniform =
    triedBaselines.length === 0
      ? ''
      : ` Beside them ${triedBaselines.length} baselines were tried, the lowest loss ${best(triedBaselines)}.`;
  const later =
    offspring.length === 0
      ? ''
      : ` After them ${offspring.length} offspring of the best were tried, which the supernet never scored; their lowest ` +
        `loss is ${best(offspring)}, of those before ${best(trials)}.`;
  return (
    `${trials.length} candidates that lie apart, each trained alone for ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}; ` +
    `both losses are on held-out ${examples}.${uniform}${later} ${taken} were retrained.`
  );
}

function estimate(name: string, { value, low, high }: Rank['kendallTau']): string {
  if (value === null || low === null || high === null)
    return `${name} undefined (one score is the same for all)`;
  return `${name} ${significant(value, 2)} (${significant(low, 2)} to ${significant(high, 2)})`;
}

export function ranking(paths: Paths, width: number): Markup {
  const phone = width <= PHONE;
  const height = phone ? 320 : 420;
  const count = phone ? 4 : 6;
  const frame = plot({
    width,
    height,
    x: domainOf(
      paths.map(({ supernetLoss }) => supernetLoss),
      { count },
    ),
    y: domainOf(
      paths.map(({ loss }) => loss),
      { count },
    ),
    xLabel: 'held-out loss in the supernet',
    yLabel: 'held-out loss, trained alone',
  });
  return drawing(
    width,
    height,
    `Loss of ${paths.length} paths trained alone against their loss in the supernet`,
    frame.axes,
    markup`<g class="front-dots">${paths.map(
      ({ genotype, supernetLoss, supernetAccuracy, loss, accuracy }) =>
        markup`<circle cx="${frame.x(supernetLoss)}" cy="${frame.y(loss)}" r="${phone ? 3.5 : 4.5}"><title>${genotype}: loss ${supernetLoss.toFixed(3)}, ${percent(supernetAccuracy)} in the supernet; ${loss.toFixed(3)}, ${percent(accuracy)} alone</title></circle>`,
    )}</g>`,
  );
}
