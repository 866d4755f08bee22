/**
 * What a figure can be drawn by: scores and costs, each with its words. Two objectives span a plane; of more the first two
 * do, and the figure says so.
 */
import type { NetworkScores } from '../../core/events.ts';
import {
  DEFAULT_OBJECTIVES,
  isScore,
  listObjectives,
  type Objective,
  objectiveName,
} from '../../search/objectives.ts';
import { COSTS, type Costs } from '../../search/problem.ts';
import { count, millijoule, millisecond, percent, significant, squareMillimetre } from './format.ts';

/** What is known of a candidate or a trained network. */
export type Scored = Pick<NetworkScores, 'accuracy'> & {
  readonly [K in keyof NetworkScores]?: NetworkScores[K] | undefined;
};

export interface Axis {
  readonly name: string;
  readonly label: string;
  /** NaN where it is not known. */
  readonly of: (scored: Scored) => number;
  readonly show: (scored: Scored) => string;
  /** A value beside the axis; as it is where left out. */
  readonly tick?: (value: number) => string;
  readonly better: 'more' | 'less';
  /** What may be limited. */
  readonly cost?: keyof Costs;
}

/** What is drawn upwards and to the right. */
export interface Plane {
  readonly up: Axis;
  readonly right: Axis;
}

export const LOSS: Axis = {
  ...{ name: 'held-out loss', label: 'held-out loss, nats', better: 'less' },
  of: ({ loss }) => loss ?? Number.NaN,
  show: ({ loss }) => `loss ${(loss ?? 0).toFixed(3)}`,
};

export const ACCURACY: Axis = {
  ...{ name: 'accuracy', label: 'accuracy, %', better: 'more' },
  of: ({ accuracy }) => accuracy * 100,
  show: ({ accuracy }) => percent(accuracy),
};

/** What accuracy falls short of 1 by. */
export function errorAxis(name = 'error'): Axis {
  return {
    ...{ name, label: `${name}, %`, better: 'less' },
    of: ({ accuracy }) => (1 - accuracy) * 100,
    show: ({ accuracy }) => `${percent(1 - accuracy)} error`,
  };
}

export const BLEU: Axis = {
  ...{ name: 'BLEU', label: 'BLEU', better: 'more' },
  of: ({ bleu }) => bleu ?? Number.NaN,
  show: ({ bleu }) => `${bleu === undefined ? '–' : bleu.toFixed(2)} BLEU`,
};

const UNITS: Partial<Record<keyof Costs, (value: number) => string>> = {
  energyMj: millijoule,
  latencyMs: millisecond,
  areaMm2: squareMillimetre,
};

/** `example`: what one price is of, `one image`. */
export function costAxis(cost: keyof Costs, example: string): Axis {
  const { name, unit } = COSTS[cost];
  const of = (scored: Scored) => scored[cost] ?? Number.NaN;
  const what =
    cost === 'params' ? name : cost === 'areaMm2' ? 'area of the arithmetic' : `${name} of ${example}`;
  const counted = unit === '';
  return {
    ...{ name, better: 'less', cost, of },
    label: counted ? what : `${what}, ${unit === 'mm2' ? 'mm²' : unit}`,
    show: (scored) => UNITS[cost]?.(of(scored)) ?? `${count(of(scored))} ${name}`,
    tick: counted ? count : short,
  };
}

/** `5`, `0.25`: no more digits than a tick needs. */
function short(value: number): string {
  return significant(value, 4)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** The objectives that a plane shows: a score upwards and a cost to the right where there are both. */
export function planeOf(objectives: readonly Objective[]): readonly [up: Objective, right: Objective] {
  const [first = DEFAULT_OBJECTIVES[0]] = objectives;
  const second = objectives[1] ?? (isScore(first) ? 'energyMj' : 'loss');
  return isScore(first) || !isScore(second) ? [first, second] : [second, first];
}

/** How the front looks in a plane, in half a sentence, and which objectives the plane leaves out. */
export function frontWords(objectives: readonly Objective[]): string {
  const all = listObjectives(objectives);
  if (objectives.length === 1) return `the outlined one has the best ${all}`;
  if (objectives.length === 2) return `the line joins those that nothing beats in both ${all}`;
  const [first, second] = objectives.map(objectiveName);
  return `outlined are those that nothing beats in ${all} together, of which the figure shows the first two, ${first} and ${second}`;
}
