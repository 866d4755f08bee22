/**
 * How much work the phases of a run are, so that people are told how long it takes. One unit is a pass over the training
 * data, forward and back; of that, forward alone is a third. What differs between a network and another, and between
 * threads that share a step and threads with a network each, shows in the pace of a kind of phases (timeleft.ts).
 */
import type { PlannedPhase } from '../../core/events.ts';
import type { RunConfig } from '../options.ts';
import { type Frame, retrainPhase } from './context.ts';
import type { SearchTask } from './planned-search.ts';
import { alonePhases } from './scores-alone.ts';
import { type SearchPlan, searchOf } from './search-phase.ts';
import { TRIAL } from './trials.ts';

const FORWARD = 1 / 3;

/** Numbers of examples. */
export interface Examples {
  readonly trained: number;
  /** Read to score a candidate, those that calibrate its norms included. */
  readonly scored: number;
}

/** What a run does from its supernet to the networks that it trains alone. */
export interface SearchedRun {
  readonly searches: readonly SearchPlan[];
  readonly task: SearchTask;
  readonly examples: Examples;
  /** Candidates that are put on trial. */
  readonly trials: number;
  /** Networks that are trained alone. */
  readonly alone: readonly Named[];
}

export interface Named {
  readonly name: string;
}

/** `candidate-1`, `candidate-2`: networks that are not chosen yet. */
export function numbered(kind: string, count: number): Named[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${kind}-${i + 1}` }));
}

export function searchedWork(
  config: RunConfig,
  { searches, task, examples, trials, alone }: SearchedRun,
): PlannedPhase[] {
  return [
    { phase: 'supernet', kind: 'supernet', work: config.supernetEpochs },
    ...searches.map((plan) => scoringWork(plan.phase, searchOf(config, plan, task).effort, examples)),
    ...trainingsWork(alonePhases(TRIAL, trials), config.trialEpochs),
    ...aloneWork(config, alone),
  ];
}

/** Candidates scored with the weights of the supernet. */
export function scoringWork(phase: string, candidates: number, { trained, scored }: Examples): PlannedPhase {
  return { phase, kind: 'search', work: (FORWARD * candidates * scored) / trained };
}

/** Trainings of networks alone. */
export function trainingsWork(phases: readonly string[], epochs: number): PlannedPhase[] {
  return phases.map((phase) => ({ phase, kind: 'training', work: epochs }));
}

function aloneWork({ epochs }: RunConfig, networks: readonly Named[]): PlannedPhase[] {
  return trainingsWork(
    networks.map(({ name }) => retrainPhase(name)),
    epochs,
  );
}

/** Tells that a run trains these networks and does nothing else. */
export function tellTrainings({ bus, config }: Frame, networks: readonly Named[]): void {
  bus.emit({ type: 'run-planned', phases: aloneWork(config, networks) });
}
