/** What was searched for, in a plane: every candidate as the supernet scored it, their front, and the retrained networks. */
import type { Limits, NetworkScores } from '../../core/events.ts';
import type { Axis, Plane, Scored } from './axes.ts';
import type { FrontPoint, Retrained } from './gather.ts';
import { type Box, placeLabels } from './labels.ts';
import { type Markup, markup } from './markup.ts';
import { networkColour } from './palette.ts';
import { domainOf, drawing, PHONE, type Plot, path, plot, textWidth } from './plot.ts';
import type { Task } from './task.ts';

export interface ScatterData {
  readonly candidates: readonly NetworkScores[];
  readonly front: readonly FrontPoint[];
  readonly networks: readonly Retrained[];
  readonly limits: Limits;
}

export function scatter(
  { limits, ...all }: ScatterData,
  { up, right }: Plane,
  task: Task,
  width: number,
): Markup {
  const phone = width <= PHONE;
  const height = phone ? 330 : 480;
  const drawn = <T extends Scored>(some: readonly T[]) =>
    some.filter((one) => Number.isFinite(up.of(one)) && Number.isFinite(right.of(one)));
  const candidates = drawn(all.candidates);
  const networks = drawn(all.networks);
  const marked = [...candidates, ...networks];
  const limit = right.cost && limits[right.cost];
  const frame = plot({
    width,
    height,
    x: domainOf([...marked.map((one) => right.of(one)), ...(limit === undefined ? [] : [limit])], {
      count: phone ? 4 : 8,
    }),
    y: domainOf(
      marked.map((one) => up.of(one)),
      { count: phone ? 5 : 7 },
    ),
    xLabel: right.label,
    yLabel: up.label,
    xFormat: right.tick ?? String,
    yFormat: up.tick ?? String,
  });
  const x = (scored: Scored) => frame.x(right.of(scored));
  const y = (scored: Scored) => frame.y(up.of(scored));
  const front = drawn(all.front).sort((a, b) => right.of(a) - right.of(b));
  const marks = networks.map((network) => ({ x: x(network), y: y(network), text: network.name }));
  const bounds = { left: frame.left, right: frame.right, top: frame.top - 8, bottom: frame.bottom - 2 };
  const limited = limit === undefined ? undefined : limitText(limit, right, frame);
  const labels = placeLabels(marks, bounds, limited === undefined ? [] : [limited.box]);
  return drawing(
    width,
    height,
    `Scatter plot of ${up.name} against ${right.name}: ${candidates.length} candidates and ${networks.length} retrained networks`,
    limit !== undefined && overLimit(limit, frame),
    frame.axes,
    markup`<g class="dots">${candidates.map(
      (candidate) =>
        markup`<circle cx="${x(candidate)}" cy="${y(candidate)}" r="${phone ? 2.5 : 3}"><title>${candidate.genotype}: ${up.show(candidate)} in the supernet at ${right.show(candidate)}</title></circle>`,
    )}</g>`,
    task.objectives.length <= 2 &&
      markup`<path class="front" d="${path(front.map((point) => [x(point), y(point)]))}"/>`,
    markup`<g class="front-dots">${front.map(
      (point) =>
        markup`<circle cx="${x(point)}" cy="${y(point)}" r="${phone ? 3 : 3.5}"><title>on the front: ${point.genotype}, ${up.show(point)} in the supernet at ${right.show(point)}</title></circle>`,
    )}</g>`,
    limited?.drawn,
    networks.map((network, i) => {
      const { at, far } = labels[i];
      const [cx, cy] = [marks[i].x, marks[i].y];
      return markup`<g class="network ${network.role}" style="--c:${networkColour(network.name)}"><title>${network.name} (${network.genotype}): ${task.measured(network)} on the test set at ${right.show(network)}</title>${far && markup`<line class="leader" x1="${cx}" y1="${cy}" x2="${at[0] + 4}" y2="${at[1] - 4}"/>`}${shape(network.role, cx, cy)}<text x="${at[0]}" y="${at[1]}">${network.name}</text></g>`;
    }),
  );
}

function overLimit(limit: number, { x, top, right, bottom }: Plot): Markup {
  return markup`<g class="limit"><rect x="${x(limit)}" y="${top}" width="${Math.max(0, right - x(limit))}" height="${bottom - top}"/><line x1="${x(limit)}" x2="${x(limit)}" y1="${top - 6}" y2="${bottom}"/></g>`;
}

/** On the roomier side of its line, drawn over the dots. */
function limitText(
  limit: number,
  { cost, show }: Axis,
  { x, left, right, bottom }: Plot,
): { readonly drawn: Markup; readonly box: Box } {
  const end = x(limit) > (left + right) / 2;
  const text = `limit ${show({ accuracy: 0, ...(cost === undefined ? {} : { [cost]: limit }) })}`;
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
