/** Sharing schemes: size, supernet accuracy, rank correlation, the adder's scale, the winner. */
import type { CellLine } from '../journal.ts';
import { agreement, type TruePath } from '../rank.ts';
import { SCHEMES } from '../schemes.ts';
import { type Found, schemeWinners, supernets } from './findings.ts';
import {
  energy,
  genotypes,
  largest,
  markdownTable,
  mean,
  millions,
  percents,
  smallest,
  spread,
} from './format.ts';

const HEAD = [
  ...['sharing', 'epochs', 'seeds', 'parameters', 'random paths', 'loss', 'all-conv', 'all-add', 'all-shift'],
  ...["adder's scale", 'tau', 'rho', 'winner', 'its test', 'its mJ, 32 bit', 'mJ, 8 bit'],
];

export function sharingSection(cells: readonly CellLine[], set: string, truth: readonly TruePath[]): string {
  const rows = (['short', 'long'] as const).flatMap((length) =>
    SCHEMES.flatMap(({ name, title }) => {
      const found = supernets(cells, set, name, length);
      if (found.length === 0) return [];
      const winners = schemeWinners(cells, set, name, length);
      return [[title, ...supernetColumns(found), ...rankColumns(found, truth), ...winnerColumns(winners)]];
    }),
  );
  return rows.length === 0 ? '' : markdownTable(HEAD, rows);
}

/** Mean accuracy and loss over the random paths of one supernet. */
export function meanScore({ figures }: Found<'supernet'>): { accuracy: number; loss: number } {
  return {
    accuracy: mean(figures.random.map(({ accuracy }) => accuracy)),
    loss: mean(figures.random.map(({ loss }) => loss)),
  };
}

function supernetColumns(found: readonly Found<'supernet'>[]): string[] {
  const [{ figures }] = found;
  const scores = found.map(meanScore);
  const pure = (name: string) =>
    percents(found.flatMap((one) => (name in one.figures.pure ? [one.figures.pure[name].accuracy] : [])));
  return [
    String(figures.epochs),
    String(found.length),
    millions(figures.params),
    percents(scores.map(({ accuracy }) => accuracy)),
    spread(
      scores.map(({ loss }) => loss),
      3,
    ),
    ...['all-conv', 'all-add', 'all-shift'].map(pure),
    scaleRange(found),
  ];
}

/** `3.55 to 8.00` over all adders of all seeds. */
export function scaleRange(
  found: readonly { readonly figures: { readonly scales: { low: number; high: number } | null } }[],
): string {
  const scales = found.flatMap(({ figures }) => (figures.scales === null ? [] : [figures.scales]));
  if (scales.length === 0) return '-';
  return `${smallest(scales.map(({ low }) => low)).toFixed(2)} to ${largest(scales.map(({ high }) => high)).toFixed(2)}`;
}

function rankColumns(found: readonly Found<'supernet'>[], truth: readonly TruePath[]): string[] {
  const rank = agreement(
    found.map(({ figures }) => figures.ranked),
    truth,
  );
  if (rank === null) return ['-', '-'];
  return [`${rank.tau.toFixed(2)} (${rank.low.toFixed(2)} to ${rank.high.toFixed(2)})`, rank.rho.toFixed(2)];
}

function winnerColumns(winners: readonly Found<'winner'>[]): string[] {
  if (winners.length === 0) return ['-', '-', '-', '-'];
  return [
    genotypes(winners.map(({ figures }) => figures)),
    percents(winners.map(({ figures }) => figures.test.accuracy)),
    energy(mean(winners.map(({ figures }) => figures.energyMj))),
    energy(mean(winners.map(({ figures }) => figures.energyMj8))),
  ];
}
