/** How the search went: the score of every candidate in the order they were scored, and the best so far. */
import type { NetworkScores } from '../../core/events.ts';
import type { JournalEntry } from '../journal.ts';
import type { Axis } from './axes.ts';
import { type Markup, markup } from './markup.ts';
import { domainOf, drawing, PHONE, path, plot } from './plot.ts';

/** Marks on the row of candidates: a position counts the candidates scored before it. */
export interface SearchMarks {
  /** Where each search begins, and what it is called. */
  readonly searches: readonly { readonly at: number; readonly title: string }[];
  /** Where generations end. */
  readonly generations: readonly number[];
}

export function searchMarks(journal: readonly JournalEntry[]): SearchMarks {
  const searches: { at: number; title: string }[] = [];
  const generations: number[] = [];
  let [scored, title, baseline] = [0, '', false];
  for (const { event } of journal) {
    if (event.type === 'search-started') baseline = event.baseline === true;
    if (event.type === 'phase-started') title = event.title;
    if (baseline) continue;
    if (event.type === 'candidate-scored') scored++;
    else if (event.type === 'search-started') searches.push({ at: scored, title });
    else if (event.type === 'generation-ended') generations.push(scored);
  }
  return { searches, generations };
}

/** `axis`: what is drawn; `cost`: what is told beside it. */
export function searched(
  candidates: readonly NetworkScores[],
  { searches, generations }: SearchMarks,
  axis: Axis,
  cost: Axis,
  width: number,
): Markup {
  const height = width <= PHONE ? 270 : 320;
  const scores = candidates.map(axis.of);
  const less = axis.better === 'less';
  const better = (a: number, b: number) => (less ? Math.min(a, b) : Math.max(a, b));
  const worst = less ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const frame = plot({
    width,
    height,
    x: domainOf([0, candidates.length], { count: width <= PHONE ? 4 : 8 }),
    // A few hopeless candidates would press all others flat: the axis ends where 98 in 100 are better.
    y: domainOf(
      [...scores]
        .sort((a, b) => (less ? a - b : b - a))
        .slice(0, Math.max(2, Math.ceil(scores.length * 0.98))),
    ),
    xLabel: 'candidates scored',
    yLabel:
      axis.cost === undefined ? axis.label.replace(axis.name, `${axis.name} in the supernet`) : axis.label,
    yFormat: axis.tick ?? String,
  });
  const begins = searches.length > 0 ? searches : [{ at: 0, title: '' }];
  const runs = begins.map(({ at, title }, i) => {
    const part = candidates.slice(at, begins[i + 1]?.at ?? candidates.length);
    const best: [number, number][] = [];
    let top = worst;
    part.forEach((candidate, j) => {
      const x = frame.x(at + j + 1);
      if (best.length > 0) best.push([x, frame.y(top)]);
      top = better(top, axis.of(candidate));
      best.push([x, frame.y(top)]);
    });
    return { at, title, best, reached: top };
  });
  const reached = runs.map((run) => run.reached).reduce(better, worst);
  const y = (score: number) => Math.min(frame.bottom, Math.max(frame.top, frame.y(score)));
  return drawing(
    width,
    height,
    `The ${axis.name} of ${candidates.length} candidates in the order they were scored; the best is ${reached.toFixed(3)}`,
    markup`<g class="generations">${generations.map((evaluated, i) => markup`<line x1="${frame.x(evaluated)}" x2="${frame.x(evaluated)}" y1="${frame.top}" y2="${frame.bottom}"><title>end of generation ${String(i + 1)}</title></line>`)}</g>`,
    runs.length > 1 &&
      runs.map(
        ({ at, title }, i) =>
          markup`<g class="search">${i > 0 && markup`<line x1="${frame.x(at + 0.5)}" x2="${frame.x(at + 0.5)}" y1="${frame.top}" y2="${frame.bottom}"/>`}${width > PHONE && markup`<text x="${frame.x(at + 0.5) + 6}" y="${frame.top + 12}">${title}</text>`}</g>`,
      ),
    frame.axes,
    markup`<g class="dots">${candidates.map(
      (candidate, i) =>
        markup`<circle cx="${frame.x(i + 1)}" cy="${y(axis.of(candidate))}" r="2.5"><title>${candidate.genotype}: ${axis.show(candidate)}, ${cost.show(candidate)}</title></circle>`,
    )}</g>`,
    runs.map(({ best }) => markup`<path class="best" d="${path(best)}"/>`),
  );
}
