import type { Random } from '../core/random.ts';
import { ruleAutomaton } from './rule-automaton.ts';
import { hasRules } from './rules.ts';
import type { Genotype, Space } from './space.ts';

/**
 * The nearest thing to `wanted` that keeps the ties and exclusions of its space: layers are settled first to last,
 * each takes the operator it wants if the rest can still be chosen, else one drawn among those that leave the rest
 * a way. Without rules it is `wanted` itself and nothing is drawn. The stage lengths stay as they are.
 */
export function settle(space: Space, wanted: Genotype, random: Random): Genotype {
  if (!hasRules(space)) return wanted;
  const automaton = ruleAutomaton(space, wanted.lengths);
  let state = automaton.start;
  const operators = wanted.operators.map((want, layer) => {
    const open = automaton.allowed[layer].flatMap((operator) => {
      const next = automaton.step(state, layer, operator);
      return next !== undefined && automaton.count(layer + 1, next) > 0n ? [{ operator, next }] : [];
    });
    const taken = open.find(({ operator }) => operator === want) ?? random.choice(open);
    state = taken.next;
    return taken.operator;
  });
  return { ...wanted, operators };
}
