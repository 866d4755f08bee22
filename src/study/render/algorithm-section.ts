/** Search algorithms with the same number of evaluations on the same supernet. */
import type { CellLine } from '../journal.ts';
import { pick } from './findings.ts';
import { energy, markdownTable, mean, percents, spread } from './format.ts';

export function algorithmSection(cells: readonly CellLine[], set: string): string {
  const found = pick(cells, set, 'algorithm').map(({ figures }) => figures);
  const names = [...new Set(found.map(({ algorithm }) => algorithm))];
  const rows = names.map((name) => {
    const those = found.filter(({ algorithm }) => algorithm === name);
    return [
      name,
      String(those.length),
      spread(
        those.map(({ evaluated }) => evaluated),
        0,
      ),
      spread(
        those.map(({ best }) => best.loss),
        4,
      ),
      percents(those.map(({ best }) => best.accuracy)),
      energy(mean(those.map(({ best }) => best.energyMj))),
      spread(
        those.map(({ hypervolume }) => hypervolume),
        4,
      ),
    ];
  });
  const head = ['algorithm', 'seeds', 'scored in full', 'best loss', 'its accuracy', 'its mJ', 'hypervolume'];
  return rows.length === 0 ? '' : markdownTable(head, rows);
}
