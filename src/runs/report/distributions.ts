/**
 * Histograms of weights, a row a layer: the shared tensor, what add reads of it, what shift reads of it. Over the
 * first two lie the best fitting Gaussian and Laplacian; the likelihoods below say which fits better.
 */
import { significant } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { path } from './plot.ts';
import type { WeightHistogram } from './weights-file.ts';

const [WIDTH, HEIGHT] = [240, 90];
/** Rows before the rest is folded away. */
const OPEN_ROWS = 4;

const TENSORS = { shared: 'shared tensor', add: 'as add reads it', shift: 'as shift reads it' } as const;
const COLOURS = { shared: 'var(--conv)', add: 'var(--add)', shift: 'var(--shift)' } as const;

export function distributions(histograms: readonly WeightHistogram[]): Markup {
  const rows = [...groupByLayer(histograms)].map(
    ([layer, tensors]) =>
      markup`<div class="layer"><h3>${layer}</h3><div class="tensors">${tensors.map(panel)}</div></div>`,
  );
  const rest = rows.slice(OPEN_ROWS);
  return markup`${rows.slice(0, OPEN_ROWS)}${rest.length > 0 && markup`<details><summary>${String(rest.length)} more layers</summary>${rest}</details>`}`;
}

function groupByLayer(histograms: readonly WeightHistogram[]): Map<string, WeightHistogram[]> {
  const layers = new Map<string, WeightHistogram[]>();
  for (const histogram of histograms) {
    const found = layers.get(histogram.layer);
    if (found === undefined) layers.set(histogram.layer, [histogram]);
    else found.push(histogram);
  }
  return layers;
}

function panel(histogram: WeightHistogram): Markup {
  const { tensor, edges, counts, gaussLogLikelihood: gauss, laplaceLogLikelihood: laplace } = histogram;
  const [low, high] = [edges[0], edges[edges.length - 1]];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const density = counts.map((count, i) => count / Math.max(1, total) / (edges[i + 1] - edges[i]));
  const x = (value: number) => ((value - low) / (high - low)) * WIDTH;
  const highest = Math.max(...density, 1e-12);
  const fits = tensor === 'shift' ? [] : fitted(histogram, total);
  // The peak of a Laplacian may stand above all bars; one far above would press them flat.
  const top = Math.min(highest * 1.4, Math.max(highest, ...fits.map(({ peak }) => peak))) * 1.04;
  const y = (value: number) => HEIGHT - (Math.min(value, top) / top) * HEIGHT;
  const label = `${histogram.layer}, ${TENSORS[tensor]}: ${total} weights from ${significant(low)} to ${significant(high)}`;
  return markup`<div class="tensor" style="--c:${COLOURS[tensor]}" title="${label}"><p>${TENSORS[tensor]}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">${density.map(
    (value, i) =>
      markup`<rect x="${x(edges[i])}" y="${y(value)}" width="${Math.max(0.5, x(edges[i + 1]) - x(edges[i]) - 0.4)}" height="${HEIGHT - y(value)}"/>`,
  )}${fits.map(
    ({ name, at }) =>
      markup`<path class="fit ${name}" d="${path(Array.from({ length: 121 }, (_, i) => low + ((high - low) * i) / 120).map((value) => [x(value), y(at(value))]))}"/>`,
  )}</svg>
<p class="range"><span>${significant(low)}</span><span>${significant(high)}</span></p>
<p class="fits"><span class="gauss${gauss >= laplace ? ' better' : ''}">Gauss ${significant(gauss)}</span> <span class="laplace${laplace > gauss ? ' better' : ''}">Laplace ${significant(laplace)}</span></p></div>`;
}

/** Densities fitted to the bins: mean and deviation for the Gaussian, median and mean distance for the Laplacian. */
function fitted({ edges, counts }: WeightHistogram, total: number) {
  if (total === 0) return [];
  const centres = counts.map((_, i) => (edges[i] + edges[i + 1]) / 2);
  const mean = counts.reduce((sum, count, i) => sum + count * centres[i], 0) / total;
  const variance = counts.reduce((sum, count, i) => sum + count * (centres[i] - mean) ** 2, 0) / total;
  let seen = 0;
  const median = centres[counts.findIndex((count) => (seen += count) * 2 >= total)];
  const distance = counts.reduce((sum, count, i) => sum + count * Math.abs(centres[i] - median), 0) / total;
  if (!(variance > 0 && distance > 0)) return [];
  return [
    {
      name: 'gauss',
      peak: 1 / Math.sqrt(2 * Math.PI * variance),
      at: (w: number) => Math.exp(-((w - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance),
    },
    {
      name: 'laplace',
      peak: 1 / (2 * distance),
      at: (w: number) => Math.exp(-Math.abs(w - median) / distance) / (2 * distance),
    },
  ];
}
