/** Networks trained alone: pure ones, winners and the zoo in one table; winners of each set of operators in another. */
import type { Measured } from '../figures.ts';
import type { CellLine } from '../journal.ts';
import { DEFAULT_SCHEME, schemeTitle, UNSHARED } from '../schemes.ts';
import { pick, schemeWinners } from './findings.ts';
import { energy, genotypes, markdownTable, mean, millions, percents } from './format.ts';
import { scaleRange } from './sharing-section.ts';

const COLUMNS = [
  ...['seeds', 'test', 'held-out', 'mJ, 32 bit', 'mJ, 8 bit', 'parameters', 'multiply-accumulates'],
  "adder's scale",
];

export function networkSection(cells: readonly CellLine[], set: string): string {
  const networks = pick(cells, set, 'network');
  const names = [...new Set(networks.map(({ figures }) => figures.network))];
  const rows = names.map((name) => {
    const those = networks.filter(({ figures }) => figures.network === name);
    return [name, ...columns(those.map(({ figures }) => figures))];
  });
  for (const scheme of [DEFAULT_SCHEME, UNSHARED]) {
    const those = schemeWinners(cells, set, scheme);
    const words = genotypes(those.map(({ figures }) => figures));
    const name = `**winner**, ${schemeTitle(scheme)} (${words})`;
    if (those.length > 0) rows.push([name, ...columns(those.map(({ figures }) => figures))]);
  }
  return rows.length === 0 ? '' : markdownTable(['network', ...COLUMNS], rows);
}

export function operatorSection(cells: readonly CellLine[], set: string): string {
  const winners = pick(
    cells.filter(({ part }) => part === 'operators'),
    set,
    'winner',
  );
  const sets = [...new Set(winners.map(({ figures }) => figures.operators))];
  if (sets.length < 2) return '';
  const rows = sets.map((operators) => {
    const those = winners
      .filter(({ figures }) => figures.operators === operators)
      .map(({ figures }) => figures);
    return [operators, genotypes(those), ...columns(those)];
  });
  return markdownTable(['operators', 'winners', ...COLUMNS], rows);
}

function columns(those: readonly Measured[]): string[] {
  const average = (of: (one: Measured) => number) => mean(those.map(of));
  return [
    String(those.length),
    percents(those.map(({ test }) => test.accuracy)),
    percents(those.map(({ validation }) => validation.accuracy)),
    energy(average(({ energyMj }) => energyMj)),
    energy(average(({ energyMj8 }) => energyMj8)),
    millions(average(({ params }) => params)),
    millions(average(({ macs }) => macs)),
    scaleRange(those.map((figures) => ({ figures }))),
  ];
}
