/**
 * One colour for each operator in every figure, chosen to stay apart for colour-blind eyes (after Okabe and Ito)
 * and in both themes. Colours live in the style sheet; figures name them. No meaning rests on colour alone: there
 * is always a label, a glyph or a title as well.
 */
import { OPERATOR_NAMES } from '../../operators/names.ts';

const OPERATORS: readonly string[] = OPERATOR_NAMES;

/** CSS colour of an operator family; the rest of a network (stem, head, norms) is grey. */
export function familyColour(family: string): string {
  if (OPERATORS.includes(family)) return `var(--${family})`;
  if (family === 'shift-add') return 'var(--shift)';
  if (family === 'stem') return 'var(--grey-1)';
  if (family === 'head') return 'var(--grey-2)';
  return 'var(--grey-3)';
}

const LEVELS = ['computation', 'DRAM', 'GB', 'NoC', 'RF'];
const LEVEL_NAMES: Readonly<Record<string, string>> = {
  computation: 'arithmetic',
  GB: 'buffer',
  NoC: 'network',
  RF: 'registers',
};

/** Colour of text on a bar of that colour. */
export function familyText(family: string): string {
  return OPERATORS.includes(family) || family === 'shift-add' ? 'var(--on)' : 'var(--grey-on)';
}

/** Memory levels from the arithmetic outwards in; memories between DRAM and the buffer have names of their own. */
export function levelColour(level: string): string {
  const at = LEVELS.indexOf(level);
  return `var(--level-${at < 0 ? 'other' : at})`;
}

/** Colour of text on a bar of that colour. */
export function levelText(level: string): string {
  const at = LEVELS.indexOf(level);
  return `var(--on-${at < 0 ? 'other' : at})`;
}

export function levelName(level: string): string {
  return LEVEL_NAMES[level] ?? level;
}

/** Families in the order of bars: operators, then the rest. */
export function familyOrder(a: string, b: string): number {
  const place = (family: string) => {
    const at = [...OPERATORS, 'stem', 'head'].indexOf(family);
    return at < 0 ? OPERATORS.length + 2 : at;
  };
  return place(a) - place(b) || (a < b ? -1 : 1);
}

export function levelOrder(a: string, b: string): number {
  const place = (level: string) => (LEVELS.includes(level) ? LEVELS.indexOf(level) : 1.5);
  return place(a) - place(b) || (a < b ? -1 : 1);
}

/** A network's line or mark: ink for the winner, the operator's colour for a network of one operator, else grey. */
export function networkColour(name: string): string {
  const pure = /^all-(?:lightweight-)?(\w+)$/.exec(name)?.[1];
  if (pure === 'shiftadd') return 'var(--shift)';
  if (pure !== undefined && OPERATORS.includes(pure)) return `var(--${pure})`;
  return name === 'winner' ? 'var(--winner)' : 'var(--quiet)';
}
