/** The ranked paths and how well their stand-alone losses are known. */
import { reliability, seedAgreement, type TruePath, trueLoss } from '../rank.ts';
import { energy, markdownTable, spread } from './format.ts';

export function rankingSection(truth: readonly TruePath[]): string {
  if (truth.length === 0) return '';
  const rows = truth.map((path) => [
    `\`${path.genotype}\``,
    energy(path.energyMj),
    String(path.losses.size),
    spread([...path.losses.values()], 3),
  ]);
  return `${reliabilityText(truth)}\n\n${markdownTable(['path', 'mJ, 32 bit', 'seeds', 'held-out loss'], rows)}`;
}

/** How much of what tells the paths apart is the seed. */
export function reliabilityText(truth: readonly TruePath[]): string {
  const found = reliability(truth);
  const losses = truth.map(trueLoss);
  const range = `${Math.min(...losses).toFixed(3)} to ${Math.max(...losses).toFixed(3)}`;
  const known = `${truth.length} paths trained alone, held-out loss ${range}`;
  if (found === null)
    return `${known}; no path has a second seed yet, so how well the order is known is not known.`;
  const seeds = seedAgreement(truth);
  const ceiling =
    seeds === null
      ? ''
      : ` Two seeds agree on the order of ${seeds.paths} paths with tau ${seeds.tau.toFixed(2)}.`;
  return (
    `${known}. Standard deviation over paths ${found.paths.toFixed(3)}, over seeds of one path ` +
    `${found.seeds.toFixed(3)} (${found.repeated} paths repeated): reliability ${found.reliability.toFixed(2)}.${ceiling}`
  );
}
