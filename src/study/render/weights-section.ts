/** Both likelihoods of trained weights: of networks and winners trained alone, and of supernets. */
import type { WeightFit } from '../figures.ts';
import type { CellLine } from '../journal.ts';
import { DEFAULT_SCHEME, schemeTitle, UNSHARED } from '../schemes.ts';
import { pick, schemeWinners } from './findings.ts';
import { markdownTable, mean, signed } from './format.ts';

export function weightsSection(cells: readonly CellLine[], set: string): string {
  const networks = pick(cells, set, 'network').map(({ figures }) => ({
    title: figures.network,
    fits: figures.fits,
  }));
  const supernets = pick(cells, set, 'supernet', (one) => one.operators === 'all').map(({ figures }) => ({
    title: `supernet: ${schemeTitle(figures.scheme)}, ${figures.epochs} epochs`,
    fits: figures.fits,
  }));
  const winners = [DEFAULT_SCHEME, UNSHARED].flatMap((scheme) =>
    schemeWinners(cells, set, scheme).map(({ figures }) => ({
      title: `winner: ${schemeTitle(scheme)}`,
      fits: figures.fits,
    })),
  );
  const rows = grouped([...networks, ...winners, ...supernets]).map(({ title, weights, fits }) => {
    const gauss = mean(fits.map((fit) => fit.gaussLogLikelihood));
    const laplace = mean(fits.map((fit) => fit.laplaceLogLikelihood));
    const sum = (of: (fit: WeightFit) => number) => fits.reduce((total, fit) => total + of(fit), 0);
    return [
      ...[title, weights, String(fits.length)],
      ...[gauss.toFixed(3), laplace.toFixed(3), signed(laplace - gauss, 3)],
      `${sum(({ laplacian }) => laplacian)} of ${sum(({ tensors }) => tensors)}`,
    ];
  });
  const head = [
    'network',
    'weights of',
    'seeds',
    'Gaussian',
    'Laplacian',
    'difference',
    'tensors with Laplacian ahead',
  ];
  return rows.length === 0 ? '' : markdownTable(head, rows);
}

function grouped(found: readonly { readonly title: string; readonly fits: readonly WeightFit[] }[]) {
  const groups = new Map<string, { title: string; weights: string; fits: WeightFit[] }>();
  for (const { title, fits } of found) {
    for (const fit of fits) {
      const key = `${title}\n${fit.weights}`;
      const group = groups.get(key) ?? { title, weights: fit.weights, fits: [] };
      groups.set(key, group);
      group.fits.push(fit);
    }
  }
  return [...groups.values()];
}
