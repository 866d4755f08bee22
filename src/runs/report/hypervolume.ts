/**
 * Hypervolume over candidates scored: how much of the box of the objectives the front dominates, and beside it that
 * of random searches with the same budget, where the run made some.
 */
import { hypervolumeGain, hypervolumeShare } from '../../metrics/hypervolume.ts';
import { type FrontEntry, insert, type Point } from '../../search/front.ts';
import { isScore, listObjectives, type Objective } from '../../search/objectives.ts';
import type { JournalEntry } from '../journal.ts';
import { recordedObjectives, recordedPoint } from '../searched-for.ts';
import { spread as apart } from './curves.ts';
import { type Markup, markup } from './markup.ts';
import { domainOf, drawing, PHONE, path, plot, textWidth } from './plot.ts';

/** Hypervolume after each candidate, as a part of the box from 0 to 1. */
export type VolumeCurve = readonly number[];

export interface Hypervolumes {
  readonly objectives: readonly Objective[];
  readonly search: VolumeCurve;
  /** One for each random search; [] without any. */
  readonly random: readonly VolumeCurve[];
}

interface Traced {
  readonly random: boolean;
  readonly objectives: readonly Objective[];
  readonly points: Point[];
}

/**
 * Of the search for the limits that were asked for. Undefined while no generation of it has ended, and while nothing
 * is better than guessing: then there is no volume to speak of.
 */
export function hypervolumes(journal: readonly JournalEntry[]): Hypervolumes | undefined {
  const searches: Traced[] = [];
  let corner: Point | undefined;
  for (const { event } of journal) {
    const last = searches.at(-1);
    if (event.type === 'search-started')
      searches.push({ random: event.baseline === true, objectives: recordedObjectives(event), points: [] });
    else if (event.type === 'candidate-scored') last?.points.push(recordedPoint(event, last.objectives));
    else if (event.type === 'generation-ended' && event.corner !== undefined) corner ??= event.corner;
  }
  const main = searches.find(({ random }) => !random);
  if (main === undefined || corner === undefined) return undefined;
  const box = corner;
  const search = curveOf(main.points, box);
  if ((search.at(-1) ?? 0) === 0) return undefined;
  const random = searches.filter((one) => one.random);
  const { objectives } = main;
  return { objectives, search, random: random.map(({ points }) => curveOf(points, box)) };
}

/** Only candidates that join the front change it. */
function curveOf(points: readonly Point[], corner: Point): VolumeCurve {
  const entries: FrontEntry<undefined>[] = [];
  let volume = 0;
  return points.map((values) => {
    const before = entries.map((entry) => entry.values);
    if (insert(entries, { values, item: undefined })) {
      // In two objectives all of it takes no longer, and sums of different orders do not differ in their last digits.
      volume =
        values.length <= 2
          ? hypervolumeShare(
              entries.map((entry) => entry.values),
              corner,
            )
          : volume + hypervolumeGain(values, before, corner) / volumeOf(corner);
    }
    return volume;
  });
}

const volumeOf = (corner: Point): number => corner.reduce((product, value) => product * value, 1);

/** What the curves of random searches are at each number of candidates; one that ended stays where it ended. */
function spreadOf(random: readonly VolumeCurve[]): { low: number[]; middle: number[]; high: number[] } {
  const length = Math.max(...random.map((curve) => curve.length));
  const at = Array.from({ length }, (_, i) =>
    random.map((curve) => curve[Math.min(i, curve.length - 1)] ?? 0).sort((a, b) => a - b),
  );
  return {
    low: at.map((values) => values[0]),
    middle: at.map((values) => (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2),
    high: at.map((values) => values[values.length - 1]),
  };
}

/** What a reader should take from the figure, in sentences. */
export function volumeCaption({ objectives, search, random }: Hypervolumes): string {
  const costs = objectives.filter((objective) => !isScore(objective));
  const bounds = [
    ...(costs.length < objectives.length ? ['guessing'] : []),
    ...(costs.length === 0
      ? []
      : [
          `the ${costs.length === 1 ? 'limit' : 'limits'} on ${listObjectives(costs)} (without one, the dearest network of the first generation)`,
        ]),
  ].join(' and ');
  const what = `The part of the box below ${bounds} that the front of ${listObjectives(objectives)} dominates, after each candidate.`;
  if (random.length === 0)
    return `${what} Random searches to hold it against are made with --random-searches.`;
  const { middle } = spreadOf(random);
  const shared = Math.min(search.length, middle.length);
  const below = search.slice(0, shared).filter((volume, i) => volume < middle[i]).length;
  const reached = search.findIndex((volume) => volume >= middle[middle.length - 1]);
  const found =
    reached < 0
      ? 'It has not reached what they end at.'
      : `It reached what they end at after ${reached + 1} of their ${middle.length} candidates.`;
  const beside =
    random.length === 1
      ? 'a random search with the same budget'
      : `the median of ${random.length} random searches with the same budget (shaded: from the lowest to the highest)`;
  return `${what} Beside it ${beside}. ${found} It was below at ${below} of ${shared} candidates.`;
}

export function volumes({ search, random }: Hypervolumes, width: number): Markup {
  const phone = width <= PHONE;
  const height = phone ? 270 : 320;
  const spread = random.length === 0 ? undefined : spreadOf(random);
  const names = ['this search', 'random'];
  const most = Math.max(search.length, spread?.middle.length ?? 0);
  // The first few candidates begin anywhere and would press the rest flat.
  const settled = Math.floor(most / 20);
  const frame = plot({
    width,
    height,
    ...(spread === undefined ? {} : { right: Math.max(...names.map((name) => textWidth(name, 12))) + 14 }),
    x: domainOf([0, most], { count: phone ? 4 : 8 }),
    y: domainOf([
      ...search.slice(settled),
      ...(spread?.low ?? []).slice(settled),
      ...(spread?.high ?? []).slice(settled),
    ]),
    xLabel: 'candidates scored',
    yLabel: 'hypervolume, part of the box',
  });
  const y = (volume: number) => Math.min(frame.bottom, frame.y(volume));
  const line = (curve: readonly number[]) => curve.map((volume, i) => [frame.x(i + 1), y(volume)] as const);
  const end = (curve: readonly number[]) => y(curve[curve.length - 1] ?? 0);
  const ends =
    spread === undefined ? [] : apart([end(search), end(spread.middle)], 15, [frame.top, frame.bottom]);
  const label = (at: number, name: string) =>
    markup`<text x="${frame.right + 8}" y="${at + 4}">${name}</text>`;
  return drawing(
    width,
    height,
    `Hypervolume over ${search.length} candidates, ${random.length} random searches beside it; it ends at ${(search.at(-1) ?? 0).toFixed(3)}`,
    frame.axes,
    spread !== undefined &&
      markup`<g class="random">${random.length > 1 && markup`<path class="band" d="${path([...line(spread.high), ...line(spread.low).reverse()])}Z"/>`}<path class="middle" d="${path(line(spread.middle))}"/>${label(ends[1], names[1])}</g>`,
    markup`<path class="best" d="${path(line(search))}"/>`,
    spread !== undefined && markup`<g class="own">${label(ends[0], names[0])}</g>`,
  );
}
