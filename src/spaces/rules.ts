import type { OperatorName } from '../operators/names.ts';
import type { Choice, Exclusion, Genotype, Place, Space } from './space.ts';
import { layerStages, stageStarts } from './stage-layers.ts';

/**
 * Ties and exclusions between the choices of a network, as sentences that hold or do not.
 *
 *   tie         {stage 0, layer 0} = {stage 1, layer 0}     the layers use one operator
 *   together    not ({stage 0: add} and {stage 1: shift})   the choices are never made at once
 *   in a row    not attention, attention                    never in neighbouring layers
 *
 * A place that a network does not have (the third layer of a stage of two) binds nothing. Counting under such rules
 * is the work of `RuleAutomaton`; here they are looked at one network at a time.
 */

export function hasRules({ ties, exclusions }: Space): boolean {
  return (ties?.length ?? 0) + (exclusions?.length ?? 0) > 0;
}

/** Indices of the layers of a place in a network of these stage lengths, ascending; none where it has no such layer. */
export function layersAt({ stage, layer }: Place, lengths: readonly number[]): number[] {
  const first = stageStarts(lengths)[stage];
  if (layer === undefined) return Array.from({ length: lengths[stage] }, (_, i) => first + i);
  const at = layer < 0 ? lengths[stage] + layer : layer;
  return at >= 0 && at < lengths[stage] ? [first + at] : [];
}

/** The first tie or exclusion that a network breaks, as a sentence; undefined when it keeps all. */
export function brokenRule(
  space: Space,
  { lengths, operators }: Pick<Genotype, 'lengths' | 'operators'>,
): string | undefined {
  const tie = space.ties?.findIndex((places) => {
    const tied = places.flatMap((place) => layersAt(place, lengths).map((layer) => operators[layer]));
    return new Set(tied).size > 1;
  });
  if (tie !== undefined && tie >= 0) return `ties[${tie}]: ${showTie(space.ties?.[tie] ?? [])}`;
  const broken = space.exclusions?.findIndex(({ together, inARow }) =>
    together === undefined
      ? hasInARow(operators, inARow ?? [])
      : together.every((choice) => isMade(choice, lengths, operators)),
  );
  if (broken === undefined || broken < 0) return undefined;
  return `exclusions[${broken}]: ${showExclusion(space.exclusions?.[broken] ?? {})}`;
}

function isMade(choice: Choice, lengths: readonly number[], operators: readonly OperatorName[]): boolean {
  if (choice.lengths !== undefined) return choice.lengths.includes(lengths[choice.stage]);
  return layersAt(choice, lengths).some((layer) => choice.operators?.includes(operators[layer]));
}

function hasInARow(operators: readonly OperatorName[], row: readonly OperatorName[]): boolean {
  return operators.some((_, start) => row.every((name, i) => operators[start + i] === name));
}

/** `layer 0 of stage 1 and all layers of stage 2 use one operator` */
export function showTie(places: readonly Place[]): string {
  return `${places.map(showPlace).join(' and ')} use one operator`;
}

/** `no network has add in layer 0 of stage 1 together with 3 or 4 layers in stage 2` */
export function showExclusion({ together, inARow }: Exclusion): string {
  if (together === undefined) return `no network has ${(inARow ?? []).join(', ')} in a row`;
  return `no network has ${together.map(showChoice).join(' together with ')}`;
}

/** All ties and exclusions of a space, one sentence each. */
export function showRules({ ties = [], exclusions = [] }: Space): string[] {
  return [...ties.map(showTie), ...exclusions.map(showExclusion)];
}

function showPlace({ stage, layer }: Place): string {
  if (layer === undefined) return `all layers of stage ${stage}`;
  if (layer === -1) return `the last layer of stage ${stage}`;
  return layer < 0 ? `layer ${-layer} from the end of stage ${stage}` : `layer ${layer} of stage ${stage}`;
}

function showChoice(choice: Choice): string {
  if (choice.lengths !== undefined) return `${choice.lengths.join(' or ')} layers in stage ${choice.stage}`;
  const place = choice.layer === undefined ? `any layer of stage ${choice.stage}` : showPlace(choice);
  return `${(choice.operators ?? []).join(' or ')} in ${place}`;
}

/** The stage of every layer with the operators it allows: what a network of these lengths chooses from. */
export function allowedOperators(space: Space, lengths: readonly number[]): (readonly OperatorName[])[] {
  return layerStages(lengths).map((stage) => space.stages[stage].operators);
}
