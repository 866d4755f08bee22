/** Training curves: loss on training images, step by step, and accuracy on held-out images, epoch by epoch. */
import type { JournalEntry } from '../journal.ts';
import { percent } from './format.ts';

import { type Markup, markup } from './markup.ts';
import { networkColour } from './palette.ts';
import { domainOf, drawing, PHONE, path, plot, textWidth } from './plot.ts';

export interface Curve {
  /** `supernet`, `winner`, `all-conv` ... */
  readonly name: string;
  /** Over epochs. */
  readonly loss: readonly (readonly [epoch: number, value: number])[];
  readonly accuracy: readonly (readonly [epoch: number, value: number])[];
}

const MOST_POINTS = 120;

interface Phase {
  readonly steps: [fraction: number, loss: number][];
  readonly loss: [epoch: number, value: number][];
  readonly accuracy: [epoch: number, value: number][];
  epochs: number;
}

/** One curve a training phase, in the order they were trained. `shown`: the name a trained network is shown by. */
export function curvesOf(journal: readonly JournalEntry[], shown: (name: string) => string): Curve[] {
  const phases = new Map<string, Phase>();
  const at = (name: string) => {
    let phase = phases.get(name);
    if (phase === undefined) {
      phase = { steps: [], loss: [], accuracy: [], epochs: 1 };
      phases.set(name, phase);
    }
    return phase;
  };
  for (const { event } of journal) {
    // Paths trained to compare orders are many and stand in a figure of their own.
    if ('phase' in event && /^(rank|trial):/.test(event.phase)) continue;
    if (event.type === 'train-step') at(event.phase).steps.push([event.step / event.steps, event.loss]);
    if (event.type !== 'epoch-ended') continue;
    const phase = at(event.phase);
    phase.epochs = event.epochs;
    phase.loss.push([event.epoch, event.trainLoss]);
    if (event.validationAccuracy !== undefined) phase.accuracy.push([event.epoch, event.validationAccuracy]);
  }
  return [...phases].map(([name, { steps, loss, accuracy, epochs }]) => {
    const fine = steps.map(([fraction, value]) => [fraction * epochs, value] as const);
    // `retrain:all-conv` trains the network all-conv.
    const network = name.replace(/^(re)?train(ing)?:/, '');
    return { name: shown(network), loss: fine.length > loss.length ? thin(fine) : loss, accuracy };
  });
}

/** Means of neighbours, so that at most `MOST_POINTS` are drawn. */
function thin(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  const out: [number, number][] = [];
  for (let i = 0; i < points.length; i += size) {
    const part = points.slice(i, i + size);
    const mean = (k: 0 | 1) => part.reduce((sum, point) => sum + point[k], 0) / part.length;
    out.push([mean(0), mean(1)]);
  }
  return out;
}

export function curves(all: readonly Curve[], what: 'loss' | 'accuracy', width: number): Markup {
  const shown = all.filter((curve) => curve[what].length > 0);
  const height = width <= PHONE ? 280 : 320;
  const ends = Math.max(...shown.map(({ name }) => textWidth(name, 12))) + 14;
  const frame = plot({
    width,
    height,
    right: ends,
    x: domainOf(
      shown.flatMap((curve) => curve[what].map(([epoch]) => epoch)),
      { zero: true, count: 5 },
    ),
    y: domainOf(
      shown.flatMap((curve) => curve[what].map(([, value]) => (what === 'accuracy' ? value * 100 : value))),
    ),
    xLabel: 'epoch',
    yLabel: what === 'loss' ? 'training loss' : 'held-out accuracy, %',
  });
  const y = (value: number) => frame.y(what === 'accuracy' ? value * 100 : value);
  const labels = spread(
    shown.map((curve) => y(curve[what].at(-1)![1])),
    15,
    [frame.top, frame.bottom],
  );
  return drawing(
    width,
    height,
    `${what} over epochs of ${shown.map(({ name }) => name).join(', ')}`,
    frame.axes,
    shown.map((curve, i) => {
      const points = curve[what].map(([epoch, value]) => [frame.x(epoch), y(value)] as const);
      const last = points[points.length - 1];
      const value = curve[what].at(-1)![1];
      return markup`<g class="curve ${curve.name === 'winner' ? 'winner' : curve.name === 'supernet' ? 'supernet' : ''}" style="--c:${curve.name === 'supernet' ? 'var(--quiet)' : networkColour(curve.name)}"><title>${curve.name}: ${what === 'loss' ? `ends at ${value.toFixed(3)}` : percent(value)}</title><path d="${path(points)}"/>${(what === 'accuracy' || points.length < 3) && points.map(([px, py]) => markup`<circle cx="${px}" cy="${py}" r="2.5"/>`)}<path class="leader" d="M${last[0]} ${last[1]}L${frame.right + 8} ${labels[i]}"/><text x="${frame.right + 11}" y="${labels[i] + 4}">${curve.name}</text></g>`;
    }),
  );
}

/** Moves positions apart until neighbours are `least` px from each other, within `bounds`, keeping their order. */
export function spread(
  positions: readonly number[],
  least: number,
  bounds: readonly [number, number],
): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const out = [...positions];
  let floor = bounds[0];
  for (const i of order) {
    out[i] = Math.max(out[i], floor);
    floor = out[i] + least;
  }
  let ceiling = bounds[1];
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i], ceiling);
    ceiling = out[i] - least;
  }
  return out;
}
