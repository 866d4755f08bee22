/** All operator families. A new one is a new file and a line here; a name without a record is a compile error. */
import { add } from './add.ts';
import { attention } from './attention.ts';
import { conv } from './conv.ts';
import type { OperatorName } from './names.ts';
import type { Operator } from './operator.ts';
import { shift } from './shift.ts';

export const OPERATORS = { attention, conv, add, shift } as const satisfies Record<OperatorName, Operator>;
