/** A score against energy: every candidate as the supernet scored it, their front, and the retrained networks. */
import type { Limits, NetworkScores } from '../../core/events.ts';
import { millijoule, significant } from './format.ts';
import type { FrontPoint, Retrained } from './gather.ts';
import { type Box, placeLabels } from './labels.ts';
import { type Markup, markup } from './markup.ts';
import { networkColour } from './palette.ts';
import { domainOf, drawing, PHONE, type Plot, path, plot, textWidth } from './plot.ts';
import type { Axis, Scored, Task } from './task.ts';

export interface ScatterData {
  readonly candidates: readonly NetworkScores[];
  readonly front: readonly FrontPoint[];
  readonly networks: readonly Retrained[];
  readonly limits: Limits;
}

/** `axis`: what is drawn upwards. */
export function scatter(
  { candidates, front, networks, limits }: ScatterData,
  axis: Axis,
  task: Task,
  width: number,
): Markup {
  const phone = width <= PHONE;
  const height = phone ? 330 : 480;
  const all = [...candidates, ...networks];
  const limit = limits.energyMj;
  const frame = plot({
    width,
    height,
    x: domainOf([...all.map(({ energyMj }) => energyMj), ...(limit === undefined ? [] : [limit])], {
      count: phone ? 4 : 8,
    }),
    y: domainOf(
      all.map((one) => axis.of(one)),
      { count: phone ? 5 : 7 },
    ),
    xLabel: `energy of ${task.example}, mJ`,
    yLabel: axis.label,
    xFormat: (value) =>
      significant(value, 4)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, ''),
  });
  const x = ({ energyMj }: { energyMj: number }) => frame.x(energyMj);
  const y = (scored: Scored) => frame.y(axis.of(scored));
  const byEnergy = [...front].sort((a, b) => a.energyMj - b.energyMj);
  const marks = networks.map((network) => ({ x: x(network), y: y(network), text: network.name }));
  const bounds = { left: frame.left, right: frame.right, top: frame.top - 8, bottom: frame.bottom - 2 };
  const limited = limit === undefined ? undefined : limitText(limit, frame);
  const labels = placeLabels(marks, bounds, limited === undefined ? [] : [limited.box]);
  return drawing(
    width,
    height,
    `Scatter plot of ${axis.name} against energy: ${candidates.length} candidates and ${networks.length} retrained networks`,
    limit !== undefined && overLimit(limit, frame),
    frame.axes,
    markup`<g class="dots">${candidates.map(
      (candidate) =>
        markup`<circle cx="${x(candidate)}" cy="${y(candidate)}" r="${phone ? 2.5 : 3}"><title>${candidate.genotype}: ${axis.show(candidate)} in the supernet at ${millijoule(candidate.energyMj)}</title></circle>`,
    )}</g>`,
    markup`<path class="front" d="${path(byEnergy.map((point) => [x(point), y(point)]))}"/>`,
    markup`<g class="front-dots">${byEnergy.map(
      (point) =>
        markup`<circle cx="${x(point)}" cy="${y(point)}" r="${phone ? 3 : 3.5}"><title>on the front: ${point.genotype}, ${axis.show(point)} in the supernet at ${millijoule(point.energyMj)}</title></circle>`,
    )}</g>`,
    limited?.drawn,
    networks.map((network, i) => {
      const { at, far } = labels[i];
      const [cx, cy] = [marks[i].x, marks[i].y];
      return markup`<g class="network ${network.role}" style="--c:${networkColour(network.name)}"><title>${network.name} (${network.genotype}): ${task.measured(network)} on the test set at ${millijoule(network.energyMj)}</title>${far && markup`<line class="leader" x1="${cx}" y1="${cy}" x2="${at[0] + 4}" y2="${at[1] - 4}"/>`}${shape(network.role, cx, cy)}<text x="${at[0]}" y="${at[1]}">${network.name}</text></g>`;
    }),
  );
}

function overLimit(limit: number, { x, top, right, bottom }: Plot): Markup {
  return markup`<g class="limit"><rect x="${x(limit)}" y="${top}" width="${Math.max(0, right - x(limit))}" height="${bottom - top}"/><line x1="${x(limit)}" x2="${x(limit)}" y1="${top - 6}" y2="${bottom}"/></g>`;
}

/** On the roomier side of its line, drawn over the dots. */
function limitText(
  limit: number,
  { x, left, right, bottom }: Plot,
): { readonly drawn: Markup; readonly box: Box } {
  const end = x(limit) > (left + right) / 2;
  const text = `limit ${millijoule(limit)}`;
  const [at, y, width] = [x(limit) + (end ? -6 : 6), bottom - 9, textWidth(text, 12)];
  return {
    drawn: markup`<text class="limit-text" x="${at}" y="${y}" text-anchor="${end ? 'end' : 'start'}">${text}</text>`,
    box: { left: end ? at - width : at, right: end ? at : at + width, top: y - 12, bottom: y + 4 },
  };
}

/** A star for the winner, a diamond for a baseline, a ring for other candidates. */
function shape(role: Retrained['role'], x: number, y: number): Markup {
  if (role === 'winner') {
    const corners = Array.from({ length: 10 }, (_, i) => {
      const [angle, radius] = [(Math.PI * i) / 5 - Math.PI / 2, i % 2 === 0 ? 10 : 4.4];
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
    });
    return markup`<path class="shape" d="${path(corners)}Z"/>`;
  }
  if (role === 'baseline')
    return markup`<path class="shape" d="M${x} ${y - 7}L${x + 7} ${y}L${x} ${y + 7}L${x - 7} ${y}Z"/>`;
  return markup`<circle class="shape ring" cx="${x}" cy="${y}" r="5"/>`;
}
