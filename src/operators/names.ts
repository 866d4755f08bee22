/** The operator families a searchable layer can use, in the order genotypes are encoded. */
export const OPERATOR_NAMES = ['attention', 'conv', 'add', 'shift'] as const;
export type OperatorName = (typeof OPERATOR_NAMES)[number];
