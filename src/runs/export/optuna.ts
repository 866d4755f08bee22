/**
 * The searches of a run in the format of Optuna's JournalStorage (optuna/storages/journal/_storage.py of versions 4
 * and 5): one JSON object a line, each an operation with a code. Optuna and its dashboard open the file with
 *
 *   JournalStorage(JournalFileBackend("optuna.journal"))        optuna-dashboard optuna.journal
 *
 * A search is a study whose values are its objectives, all to be made small but for BLEU, which stands there as it is and
 * is to be made large; a candidate is a finished trial whose parameters are what stands at each place of its network.
 * Limits become constraints, so the dashboard can tell feasible trials.
 */
import { basename, resolve } from 'node:path';
import type { Limits } from '../../core/events.ts';
import { isTranslationSource } from '../../data/text/open.ts';
import { objectiveLabel, objectiveValue } from '../../search/objectives.ts';
import {
  IMAGE_PARAMETERS,
  type Parameter,
  type ParameterForm,
  TRANSLATION_PARAMETERS,
} from './parameters.ts';
import type { RunTrace, TracedCandidate, TracedSearch } from './trace.ts';

/** Codes of the operations that are written here. */
export const OPERATION = {
  createStudy: 0,
  setStudyUserAttr: 2,
  setStudySystemAttr: 3,
  createTrial: 4,
} as const;
/** StudyDirection and TrialState.COMPLETE. */
const MINIMIZE = 1;
const MAXIMIZE = 2;
const COMPLETE = 1;

export function optunaJournal({ searches, description }: RunTrace, dir: string): string {
  const run = basename(resolve(dir));
  const { data, space, seed } = description.config;
  const lines = searches.flatMap((search, study) => {
    const { objectives } = search;
    const form = isTranslationSource(String(data ?? '')) ? TRANSLATION_PARAMETERS : IMAGE_PARAMETERS;
    const ranges = rangesOf(search, form);
    return [
      operation(OPERATION.createStudy, {
        study_name: `${run} ${search.phase}`,
        directions: objectives.map((objective) => (objective === 'bleu' ? MAXIMIZE : MINIMIZE)),
      }),
      operation(OPERATION.setStudySystemAttr, {
        study_id: study,
        system_attr: { 'study:metric_names': objectives.map(objectiveLabel) },
      }),
      ...Object.entries({ data, space, seed, ...search.limits }).map(([name, value]) =>
        operation(OPERATION.setStudyUserAttr, { study_id: study, user_attr: { [name]: value ?? null } }),
      ),
      ...search.candidates.map((candidate) =>
        operation(OPERATION.createTrial, { study_id: study, ...trial(candidate, search, form, ranges) }),
      ),
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function operation(code: number, fields: object): string {
  return JSON.stringify({ op_code: code, worker_id: 'shiftaddnas', ...fields });
}

/** Smallest and largest of each number: a parameter's range must be the same in all trials. */
type Ranges = ReadonlyMap<string, { readonly low: number; readonly high: number }>;

function rangesOf({ candidates }: TracedSearch, form: ParameterForm): Ranges {
  const ranges = new Map<string, { low: number; high: number }>();
  for (const { genotype } of candidates) {
    for (const { name, value } of form.parametersOf(genotype)) {
      if (typeof value === 'string') continue;
      const { low, high } = ranges.get(name) ?? { low: value, high: value };
      ranges.set(name, { low: Math.min(low, value), high: Math.max(high, value) });
    }
  }
  return ranges;
}

function trial(
  candidate: TracedCandidate,
  { limits, objectives }: TracedSearch,
  form: ParameterForm,
  ranges: Ranges,
): object {
  const { genotype, loss, accuracy, bleu, energyMj, latencyMs, params, macs } = candidate;
  const { areaMm2, multiplications, additions, shifts } = candidate;
  const chosen = form.parametersOf(genotype).map((one) => stored(one, form, ranges));
  // A candidate without the cost that is limited is of another version's journal: nothing says that it keeps to it.
  const constraints = (Object.entries(limits) as [keyof Limits, number][]).map(
    ([cost, limit]) => (candidate[cost] ?? Number.MAX_VALUE) - limit,
  );
  const values = objectives.map((objective) =>
    objective === 'bleu'
      ? (bleu ?? 0)
      : (objectiveValue(objective, candidate, candidate) ?? Number.MAX_VALUE),
  );
  return {
    datetime_start: naive(candidate.from),
    datetime_complete: naive(candidate.at),
    state: COMPLETE,
    ...(values.length === 1 ? { value: values[0], values: null } : { value: null, values }),
    distributions: Object.fromEntries(chosen.map(({ name, distribution }) => [name, distribution])),
    params: Object.fromEntries(chosen.map(({ name, value }) => [name, value])),
    user_attrs: {
      ...{ genotype, loss, accuracy, bleu, energyMj, latencyMs, params, macs },
      ...{ areaMm2, multiplications, additions, shifts },
    },
    system_attrs: constraints.length === 0 ? {} : { constraints },
    intermediate_values: {},
  };
}

/** A parameter as Optuna keeps it: a number as it is, a choice by its position. */
function stored({ name, value }: Parameter, { words }: ParameterForm, ranges: Ranges) {
  if (typeof value === 'string') {
    const distribution = { name: 'CategoricalDistribution', attributes: { choices: words } };
    return { name, value: words.indexOf(value), distribution: JSON.stringify(distribution) };
  }
  const distribution = { name: 'IntDistribution', attributes: { log: false, step: 1, ...ranges.get(name) } };
  return { name, value, distribution: JSON.stringify(distribution) };
}

/** Optuna reads times with Python's datetime.fromisoformat, and before Python 3.11 that takes no final Z. */
function naive(iso: string): string {
  return iso.replace(/Z$/, '');
}
