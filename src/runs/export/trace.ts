/**
 * What an export needs to know of a run, from its journal: which candidates each search scored and when, and what
 * training measured.
 */
import type { CandidateScored, GenerationEnded, Limits, NetworkEvaluated } from '../../core/events.ts';
import type { Objective } from '../../search/objectives.ts';
import { type RunDescription, readDescription, runPaths } from '../folder.ts';
import { type JournalEntry, readJournal } from '../journal.ts';
import { recordedFront, recordedObjectives } from '../searched-for.ts';

/** A candidate and when its scoring began and ended, ISO 8601. */
export interface TracedCandidate extends Omit<CandidateScored, 'type'> {
  readonly from: string;
  readonly at: string;
  /** Whether no other candidate of its search is better in the objectives: no worse in any, and better in one. */
  readonly onFront: boolean;
}

export interface TracedSearch {
  /** `search`, `search-frugal`. */
  readonly phase: string;
  readonly limits: Limits;
  readonly objectives: readonly Objective[];
  readonly candidates: readonly TracedCandidate[];
  readonly generations: readonly { readonly at: string; readonly event: GenerationEnded }[];
}

export interface RunTrace {
  readonly description: RunDescription;
  readonly journal: readonly JournalEntry[];
  readonly searches: readonly TracedSearch[];
  readonly networks: readonly { readonly at: string; readonly event: NetworkEvaluated }[];
}

interface OpenSearch {
  phase: string;
  limits: Limits;
  objectives: readonly Objective[];
  candidates: (Omit<CandidateScored, 'type'> & { from: string; at: string })[];
  generations: { at: string; event: GenerationEnded }[];
}

/** @throws ShiftAddError 'run' when the folder is no run or its journal is damaged */
export function readTrace(dir: string): RunTrace {
  const journal = readJournal(runPaths(dir).journal);
  const searches: OpenSearch[] = [];
  const networks: { at: string; event: NetworkEvaluated }[] = [];
  let phase = '';
  let before = '';
  for (const { event, at } of journal) {
    if (event.type === 'phase-started') phase = event.phase;
    if (event.type === 'network-evaluated') networks.push({ at, event });
    if (event.type === 'search-started') {
      const objectives = recordedObjectives(event);
      searches.push({ phase, limits: event.limits, objectives, candidates: [], generations: [] });
    }
    const search = searches.at(-1);
    if (event.type === 'generation-ended') search?.generations.push({ at, event });
    if (event.type === 'candidate-scored') {
      const { type: _, ...scores } = event;
      search?.candidates.push({ ...scores, from: before || at, at });
    }
    before = at;
  }
  return { description: readDescription(dir), journal, searches: searches.map(withFront), networks };
}

function withFront({ candidates, ...search }: OpenSearch): TracedSearch {
  const kept = new Set(recordedFront(candidates, search.objectives));
  return { ...search, candidates: candidates.map((one, i) => ({ ...one, onFront: kept.has(i) })) };
}
