/**
 * Everything a report shows, read from a run folder. Only config.json has to be there: of a run that is still going
 * the journal tells what the result will.
 */
import type { Limits, NetworkScores, RunEvent } from '../../core/events.ts';
import type { Objective } from '../../search/objectives.ts';
import { readArchitectures } from '../architectures.ts';
import { type RunDescription, readDescription, runPaths } from '../folder.ts';
import { type JournalEntry, readJournal } from '../journal.ts';
import { type NetworkResult, type Result, readResult } from '../result.ts';
import { recordedFront, recordedObjectives } from '../searched-for.ts';
import type { Task } from './task.ts';
import { readHistograms, type WeightHistogram } from './weights-file.ts';

export interface ReportData {
  readonly dir: string;
  readonly description: RunDescription;
  readonly journal: readonly JournalEntry[];
  readonly candidates: readonly NetworkScores[];
  readonly result: Result | undefined;
  readonly histograms: readonly WeightHistogram[];
}

/** @throws ShiftAddError 'run' when the folder is no run or one of its files is damaged */
export function gather(dir: string): ReportData {
  const paths = runPaths(dir);
  return {
    dir,
    description: readDescription(dir),
    journal: readJournal(paths.journal),
    candidates: readArchitectures(paths.architectures),
    result: readResult(paths.result),
    histograms: readHistograms(paths.histograms),
  };
}

/** A network trained on its own, with its test accuracy. */
export interface Retrained {
  readonly name: string;
  readonly role: 'winner' | 'candidate' | 'baseline';
  readonly genotype: string;
  readonly accuracy: number;
  readonly validationAccuracy: number;
  /** Of translators, 0 to 100. */
  readonly bleu?: number | undefined;
  readonly chrf?: number | undefined;
  readonly validationBleu?: number | undefined;
  readonly energyMj: number;
  readonly latencyMs: number;
  readonly params: number;
  readonly macs: number;
  readonly areaMm2?: number | undefined;
  readonly multiplications?: number | undefined;
  readonly additions?: number | undefined;
  readonly shifts?: number | undefined;
  /** All of it, once the result is there. */
  readonly full: NetworkResult | undefined;
}

/** Winner first, then baselines, then the other candidates. */
export function retrained({ result, journal }: ReportData): Retrained[] {
  const of = (network: NetworkResult, role: Retrained['role']): Retrained => ({
    ...network,
    ...network.operations,
    name: role === 'winner' ? 'winner' : network.name,
    role,
    full: network,
  });
  if (result !== undefined) {
    return [
      of(result.winner, 'winner'),
      ...result.baselines.map((network) => of(network, 'baseline')),
      ...result.candidates.map((network) => of(network, 'candidate')),
    ];
  }
  const order = ['winner', 'baseline', 'candidate'];
  return eventsOf(journal, 'network-evaluated')
    .map((event): Retrained => ({ ...event, full: undefined }))
    .sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
}

/** The baseline that others are compared with: the task's, else the first. */
export function referenceOf(
  networks: readonly Retrained[],
  { reference }: Pick<Task, 'reference'>,
): Retrained | undefined {
  const baselines = networks.filter(({ role }) => role === 'baseline');
  return baselines.find(({ name }) => name === reference.name) ?? baselines[0];
}

export function limitsOf({ result, journal }: ReportData): Limits {
  // A run may search again under tighter limits of its own: the first are those that were asked for.
  const limits = result?.search.limits ?? eventsOf(journal, 'search-started').at(0)?.limits ?? {};
  return limits as Limits;
}

/** What the run's searches made small. */
export function searchedFor({
  result,
  journal,
}: Pick<ReportData, 'result' | 'journal'>): readonly Objective[] {
  return recordedObjectives(result?.search ?? eventsOf(journal, 'search-started').at(0) ?? {});
}

/** The front of what was searched for: as the result has it, else of the candidates so far. */
export function frontOf(data: ReportData): readonly FrontPoint[] {
  const { result, candidates } = data;
  return result?.front ?? recordedFront(candidates, searchedFor(data)).map((i) => candidates[i]);
}

/** As a result has it; what is not known is left out. */
export type FrontPoint = Result['front'][number];

/** The name a trained network is shown by: the winner is one of the candidates until the run ends. */
export function shownName({ result, journal }: ReportData, name: string): string {
  const event = eventsOf(journal, 'network-evaluated').find((one) => one.name === name);
  const won = event?.role !== 'baseline' && event?.genotype === result?.winner.genotype;
  return won && result !== undefined ? 'winner' : name;
}

/** All events of one type, in order. */
export function eventsOf<T extends RunEvent['type']>(
  journal: readonly JournalEntry[],
  type: T,
): Extract<RunEvent, { type: T }>[] {
  return journal
    .map(({ event }) => event)
    .filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
}
