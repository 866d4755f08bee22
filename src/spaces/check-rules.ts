import { countSpace, tupleTable } from './count.ts';
import { showExclusion, showTie } from './rules.ts';
import type { Choice, Exclusion, Place, Space } from './space.ts';
import { showLengths } from './stage-layers.ts';

/**
 * What ties and exclusions must satisfy: they speak of layers and operators that the space has, and they leave every
 * tuple of stage lengths at least one network.
 */

type Rule = (holds: boolean, where: string, sentence: string) => void;

/** Choices of an exclusion and operators of a row: bits of a state, and more than a person would write. */
export const MOST_CHOICES = 12;

export function checkRules(space: Space, rule: Rule): void {
  const { ties = [], exclusions = [] } = space;
  if (ties.length + exclusions.length === 0) return;
  ties.forEach((places, i) => {
    rule(places.length > 0, `ties[${i}]`, 'a tie needs at least one place, but the list is empty');
    places.forEach((place, j) => {
      checkPlace(space, place, `ties[${i}][${j}]`, rule);
    });
  });
  exclusions.forEach((exclusion, i) => {
    checkExclusion(space, exclusion, `exclusions[${i}]`, rule);
  });
  checkSatisfiable(space, rule);
}

/** That no tuple has such a layer is no fault: the place then binds nothing, as in any network that lacks it. */
function checkPlace(space: Space, { stage }: Place, where: string, rule: Rule): void {
  rule(
    stage < space.stages.length,
    `${where}.stage`,
    `the stages are numbered 0 to ${space.stages.length - 1}, got ${stage}`,
  );
}

function checkExclusion(space: Space, { together, inARow }: Exclusion, where: string, rule: Rule): void {
  rule(
    (together === undefined) !== (inARow === undefined),
    where,
    "an exclusion has either 'together' or 'inARow', one of the two",
  );
  const entries = together ?? inARow ?? [];
  const [least, key] = together === undefined ? [2, 'inARow'] : [1, 'together'];
  rule(
    entries.length >= least && entries.length <= MOST_CHOICES,
    `${where}.${key}`,
    `must list ${least} to ${MOST_CHOICES} entries, got ${entries.length}`,
  );
  together?.forEach((choice, i) => {
    checkChoice(space, choice, `${where}.together[${i}]`, rule);
  });
}

function checkChoice(space: Space, choice: Choice, where: string, rule: Rule): void {
  const { stage, layer, operators, lengths } = choice;
  checkPlace(space, choice, where, rule);
  rule(
    (operators === undefined) !== (lengths === undefined),
    where,
    "a choice has either 'operators' or 'lengths', one of the two",
  );
  rule(
    lengths === undefined || layer === undefined,
    `${where}.layer`,
    "a choice of 'lengths' speaks of a whole stage; leave 'layer' out",
  );
  rule((operators ?? lengths ?? []).length > 0, where, 'the list is empty, so the choice is never made');
  const allowed = space.stages[stage].operators;
  const foreign = operators?.find((operator) => !allowed.includes(operator));
  rule(
    foreign === undefined,
    `${where}.operators`,
    `stage ${stage} allows only ${allowed.join(', ')}, so nothing there uses ${foreign}`,
  );
}

function checkSatisfiable(space: Space, rule: Rule): void {
  const { total, count } = tupleTable(space);
  if (total === 0n) rule(false, 'ties and exclusions', contradiction(space));
  const empty = count.indexOf(0n);
  rule(
    empty < 0,
    `stageLengths[${empty}]`,
    `no network with ${showLengths(space.stageLengths[Math.max(0, empty)])} keeps the ties and exclusions; remove the tuple or a rule`,
  );
}

/** Names a rule without which the space would hold networks, where one alone is at fault. */
function contradiction(space: Space): string {
  const { ties = [], exclusions = [] } = space;
  const without = [
    ...ties.map((tie, i) => ({
      rest: { ...space, ties: ties.filter((_, j) => j !== i) },
      shown: `ties[${i}] (${showTie(tie)})`,
    })),
    ...exclusions.map((exclusion, i) => ({
      rest: { ...space, exclusions: exclusions.filter((_, j) => j !== i) },
      shown: `exclusions[${i}] (${showExclusion(exclusion)})`,
    })),
  ];
  const culprit = without.find(({ rest }) => countSpace(rest) > 0n);
  const remedy =
    culprit === undefined
      ? 'remove some of them'
      : `without ${culprit.shown} there are ${countSpace(culprit.rest).toLocaleString('en')}`;
  return `they contradict each other, so the space is empty: no network keeps them all; ${remedy}`;
}
