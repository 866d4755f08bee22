/**
 * The searches of a run in the format of Optuna's JournalStorage (optuna/storages/journal/_storage.py of versions 4
 * and 5): one JSON object a line, each an operation with a code. Optuna and its dashboard open the file with
 *
 *   JournalStorage(JournalFileBackend("optuna.journal"))        optuna-dashboard optuna.journal
 *
 * A search is a study of two values, loss and energy, both to be made small; a candidate is a finished trial whose
 * parameters are the layers of each stage and the operator of each layer. Limits become constraints, so the
 * dashboard can tell feasible trials.
 */
import { basename, resolve } from 'node:path';
import type { Limits } from '../../core/events.ts';
import { OPERATOR_NAMES } from '../../operators/names.ts';
import { parse } from '../../spaces/genotype.ts';
import type { RunTrace, TracedCandidate, TracedSearch } from './trace.ts';

/** Codes of the operations that are written here. */
export const OPERATION = {
  createStudy: 0,
  setStudyUserAttr: 2,
  setStudySystemAttr: 3,
  createTrial: 4,
} as const;
/** StudyDirection.MINIMIZE and TrialState.COMPLETE. */
const MINIMIZE = 1;
const COMPLETE = 1;

export function optunaJournal({ searches, description }: RunTrace, dir: string): string {
  const run = basename(resolve(dir));
  const { data, space, seed } = description.config;
  const lines = searches.flatMap((search, study) => {
    const depth = deepest(search);
    return [
      operation(OPERATION.createStudy, {
        study_name: `${run} ${search.phase}`,
        directions: [MINIMIZE, MINIMIZE],
      }),
      operation(OPERATION.setStudySystemAttr, {
        study_id: study,
        system_attr: { 'study:metric_names': ['loss', 'energy (mJ)'] },
      }),
      ...Object.entries({ data, space, seed, ...search.limits }).map(([name, value]) =>
        operation(OPERATION.setStudyUserAttr, { study_id: study, user_attr: { [name]: value ?? null } }),
      ),
      ...search.candidates.map((candidate) =>
        operation(OPERATION.createTrial, { study_id: study, ...trial(candidate, search, depth) }),
      ),
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function operation(code: number, fields: object): string {
  return JSON.stringify({ op_code: code, worker_id: 'shiftaddnas', ...fields });
}

/** Most layers of each stage: a parameter's range must be the same in all trials. */
function deepest({ candidates }: TracedSearch): number[] {
  const depth: number[] = [];
  for (const { genotype } of candidates)
    for (const [stage, length] of parse(genotype).lengths.entries())
      depth[stage] = Math.max(depth[stage] ?? 0, length);
  return depth;
}

function trial(candidate: TracedCandidate, { limits }: TracedSearch, depth: readonly number[]): object {
  const { genotype, loss, accuracy, energyMj, latencyMs, params, macs } = candidate;
  const { areaMm2, multiplications, additions, shifts } = candidate;
  const chosen = parametersOf(genotype, depth);
  // A candidate without the cost that is limited is of another version's journal: nothing says that it keeps to it.
  const constraints = (Object.entries(limits) as [keyof Limits, number][]).map(
    ([cost, limit]) => (candidate[cost] ?? Number.MAX_VALUE) - limit,
  );
  return {
    datetime_start: naive(candidate.from),
    datetime_complete: naive(candidate.at),
    state: COMPLETE,
    value: null,
    values: [loss, energyMj],
    distributions: Object.fromEntries(chosen.map(({ name, distribution }) => [name, distribution])),
    params: Object.fromEntries(chosen.map(({ name, value }) => [name, value])),
    user_attrs: {
      ...{ genotype, accuracy, latencyMs, params, macs },
      ...{ areaMm2, multiplications, additions, shifts },
    },
    system_attrs: constraints.length === 0 ? {} : { constraints },
    intermediate_values: {},
  };
}

interface Parameter {
  readonly name: string;
  /** As Optuna keeps it: a number as it is, a choice by its position. */
  readonly value: number;
  readonly distribution: string;
}

function parametersOf(genotype: string, depth: readonly number[]): Parameter[] {
  const { lengths, operators } = parse(genotype);
  const operator = JSON.stringify({
    name: 'CategoricalDistribution',
    attributes: { choices: OPERATOR_NAMES },
  });
  let layer = 0;
  return lengths.flatMap((length, stage) => [
    {
      name: `stage${stage}.layers`,
      value: length,
      distribution: JSON.stringify({
        name: 'IntDistribution',
        attributes: { log: false, step: 1, low: 0, high: depth[stage] },
      }),
    },
    ...Array.from({ length }, (_, i) => ({
      name: `stage${stage}.layer${i}`,
      value: OPERATOR_NAMES.indexOf(operators[layer++]),
      distribution: operator,
    })),
  ]);
}

/** Optuna reads times with Python's datetime.fromisoformat, and before Python 3.11 that takes no final Z. */
function naive(iso: string): string {
  return iso.replace(/Z$/, '');
}
