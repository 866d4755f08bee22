/**
 * Tables for spreadsheets and notebooks (RFC 4180): every candidate, every retrained network, every epoch. Numbers
 * are written in full; fractions are of 1, energies in mJ, latencies in ms. `onFront` is said of the objectives that
 * were searched for. Of sentence pairs there is BLEU as well, from 0 to 100, where translations were made.
 */
import type { NetworkScores } from '../../core/events.ts';
import { isTranslationSource } from '../../data/text/open.ts';
import type { RunTrace } from './trace.ts';

type Cell = string | number | boolean | undefined;

/** The later ones are empty where a version wrote the journal that did not price them. */
const COSTS = [
  ...['energyMj', 'latencyMs', 'params', 'macs'],
  ...['areaMm2', 'multiplications', 'additions', 'shifts'],
] as const satisfies readonly (keyof NetworkScores)[];

/** The files by name. */
export function csvFiles({ searches, networks, journal, description }: RunTrace): Map<string, string> {
  const sentences = isTranslationSource(String(description.config.data ?? ''));
  const only = <T>(cells: readonly T[]): readonly T[] => (sentences ? cells : []);
  const candidates = searches.flatMap(({ phase, candidates }) =>
    candidates.map((one) => [
      phase,
      one.index,
      one.genotype,
      one.loss,
      one.accuracy,
      ...only([one.bleu]),
      ...COSTS.map((cost) => one[cost]),
      one.onFront,
      one.at,
    ]),
  );
  const retrained = networks.map(({ at, event: one }) => [
    one.name,
    one.role,
    one.genotype,
    one.loss,
    one.accuracy,
    one.validationAccuracy,
    ...only([one.bleu, one.chrf, one.validationBleu]),
    ...COSTS.map((cost) => one[cost]),
    at,
  ]);
  const epochs = journal.flatMap(({ at, event }) =>
    event.type === 'epoch-ended'
      ? [[event.phase, event.epoch, event.trainLoss, event.validationLoss, event.validationAccuracy, at]]
      : [],
  );
  return new Map([
    [
      'candidates.csv',
      table(
        [
          ...['search', 'index', 'genotype', 'loss', 'accuracy', ...only(['bleu'])],
          ...[...COSTS, 'onFront', 'at'],
        ],
        candidates,
      ),
    ],
    [
      'networks.csv',
      table(
        [
          ...['name', 'role', 'genotype', 'loss', 'accuracy', 'validationAccuracy'],
          ...only(['bleu', 'chrf', 'validationBleu']),
          ...[...COSTS, 'at'],
        ],
        retrained,
      ),
    ],
    [
      'epochs.csv',
      table(['phase', 'epoch', 'trainLoss', 'validationLoss', 'validationAccuracy', 'at'], epochs),
    ],
  ]);
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A cell; quoted where it holds what separates cells. Nothing for what is absent. */
function cell(value: Cell): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
