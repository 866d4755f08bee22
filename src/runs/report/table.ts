/** The retrained networks in figures, the winner first; energies and counts against the reference baseline. */
import { change, count, millijoule, millisecond, squareMillimetre } from './format.ts';
import { type Retrained, referenceOf } from './gather.ts';
import { type Markup, markup } from './markup.ts';
import { networkColour } from './palette.ts';
import type { Task } from './task.ts';

export function table(networks: readonly Retrained[], task: Task): Markup {
  const reference = referenceOf(networks, task);
  const hasArea = task.objectives.includes('areaMm2');
  const rows = networks.map((network) => {
    const operations = network.full?.operations;
    const versus = (of: (network: Retrained) => number | undefined) => {
      const [mine, other] = [of(network), reference === undefined ? undefined : of(reference)];
      if (mine === undefined || other === undefined || network === reference) return undefined;
      const text = change(mine, other);
      return text !== '' && markup`<small>${text}</small>`;
    };
    const cell = (text: string | undefined, of?: (network: Retrained) => number | undefined) =>
      markup`<td>${text ?? '–'}${of !== undefined && versus(of)}</td>`;
    return markup`<tr class="${network.role}"><th scope="row"><div><span class="mark" style="--c:${networkColour(network.name)}"></span><span>${network.name}<code>${network.genotype}</code></span></div></th>
${task.columns.map(({ show }) => cell(show(network)))}
${cell(millijoule(network.energyMj), ({ energyMj }) => energyMj)}${cell(millisecond(network.latencyMs), ({ latencyMs }) => latencyMs)}${hasArea && cell(area(network), ({ areaMm2 }) => areaMm2)}
${cell(count(network.params), ({ params }) => params)}
${cell(operations && count(operations.multiplications), ({ full }) => full?.operations.multiplications)}
${cell(operations && count(operations.additions), ({ full }) => full?.operations.additions)}${cell(operations && count(operations.shifts))}</tr>`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table of networks"><table><thead><tr><th scope="col">network</th>${task.columns.map(({ head }) => markup`<th scope="col">${head}</th>`)}<th scope="col">energy</th><th scope="col">latency</th>${hasArea && markup`<th scope="col">area</th>`}<th scope="col">parameters</th><th scope="col">multiplications</th><th scope="col">additions</th><th scope="col">shifts</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function area({ areaMm2 }: Retrained): string | undefined {
  return areaMm2 === undefined ? undefined : squareMillimetre(areaMm2);
}
