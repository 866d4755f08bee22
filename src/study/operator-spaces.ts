/** The study's space with some of its operators only. */
import { ShiftAddError } from '../core/errors.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operators/names.ts';
import { checkSpace } from '../spaces/check.ts';
import type { Space } from '../spaces/space.ts';

export const ALL_OPERATORS = 'all';

/** `conv+add` of space cifar is cifar-conv-add: every stage keeps those of its operators that are named. */
export function operatorSpace(space: Space, names: string): Space {
  if (names === ALL_OPERATORS) return space;
  const allowed = names.split('+');
  const unknown = allowed.find((name) => !(OPERATOR_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new ShiftAddError(
      'usage',
      `a set of operators is "all" or names of ${OPERATOR_NAMES.join(', ')} joined by +, but "${names}" holds "${unknown}"`,
    );
  }
  const keep = (operators: readonly OperatorName[]) => operators.filter((name) => allowed.includes(name));
  const stages = space.stages.map((stage) => ({ ...stage, operators: keep(stage.operators) }));
  return checkSpace({ ...space, name: `${space.name}-${allowed.join('-')}`, stages });
}
