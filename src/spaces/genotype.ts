import { require_, ShiftAddError } from '../core/errors.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operators/names.ts';
import { allowsLengths } from './count.ts';
import { brokenRule } from './rules.ts';
import type { Genotype, Space } from './space.ts';
import { layerCount, layerStages, showLengths, stageStarts } from './stage-layers.ts';

/**
 * A genotype as one short word: the stage lengths, a colon, and one letter a layer with a bar between stages.
 *
 *   2-3-3:cc|cas|adc     a attention, c conv, d add, s shift
 *
 * The same network always gives the same word, so the word is also its key in journals, files and visited sets.
 */
export const OPERATOR_LETTERS = { attention: 'a', conv: 'c', add: 'd', shift: 's' } as const satisfies Record<
  OperatorName,
  string
>;

const OPERATOR_OF_LETTER: ReadonlyMap<string, OperatorName> = new Map(
  OPERATOR_NAMES.map((name) => [OPERATOR_LETTERS[name], name]),
);

/** The word of a genotype. */
export function encode(genotype: Pick<Genotype, 'lengths' | 'operators'>): string {
  const letters = genotype.operators.map((name) => OPERATOR_LETTERS[name]).join('');
  const starts = stageStarts(genotype.lengths);
  const stages = genotype.lengths.map((length, stage) =>
    letters.slice(starts[stage], starts[stage] + length),
  );
  return `${showLengths(genotype.lengths)}:${stages.join('|')}`;
}

/** The genotype that a word names in `space`. Throws `usage`, with the position, when it does not parse or fit. */
export function decode(space: Space, text: string): Genotype {
  const genotype = decodeAny(space, text);
  validate(space, genotype);
  return genotype;
}

/** The same for a network that may break the rules of the space, as baselines do. Throws `usage` when it does not parse. */
export function decodeAny(space: Space, text: string): Genotype {
  return { space: space.name, ...parse(text) };
}

/** Reads a word without asking whether any space has it. Throws `usage` with the position (1 is the first character). */
export function parse(text: string): { lengths: number[]; operators: OperatorName[] } {
  const fail = (position: number, sentence: string): never => {
    throw new ShiftAddError('usage', `genotype '${text}', character ${position + 1}: ${sentence}`, {
      genotype: text,
      position: position + 1,
    });
  };
  if (/^\d+-\d+:[ACDS]+\d/.test(text))
    fail(0, 'this is a genotype of a translation space; choose its space with --space');
  const colon = text.indexOf(':');
  if (colon < 0)
    fail(text.length, "a genotype is stage lengths, ':' and operators, as in 2-3:cc|cas; there is no ':'");
  let position = 0;
  const lengths = text
    .slice(0, colon)
    .split('-')
    .map((digits) => {
      if (!/^[1-9]\d{0,3}$/.test(digits))
        fail(position, `a stage length is a whole number from 1 to 9999, got '${digits}'`);
      position += digits.length + 1;
      return Number(digits);
    });
  const stages = text.slice(colon + 1).split('|');
  const operators: OperatorName[] = [];
  position = colon + 1;
  stages.forEach((letters, stage) => {
    if (stage >= lengths.length)
      fail(
        position,
        `stage ${stage} has operators but no length; ${lengths.length} lengths stand before ':'`,
      );
    for (const [offset, letter] of [...letters].entries()) {
      const name = OPERATOR_OF_LETTER.get(letter);
      if (name) operators.push(name);
      else fail(position + offset, `'${letter}' is no operator; a attention, c conv, d add, s shift`);
    }
    if (letters.length !== lengths[stage])
      fail(position, `stage ${stage} should list ${lengths[stage]} operators, but lists ${letters.length}`);
    position += letters.length + 1;
  });
  if (stages.length < lengths.length)
    fail(text.length, `${lengths.length} stages have lengths but only ${stages.length} list their operators`);
  return { lengths, operators };
}

/** Throws `usage` unless `genotype` names a network of `space`. */
export function validate(space: Space, genotype: Genotype): void {
  const { lengths, operators } = genotype;
  const of = `space '${space.name}'`;
  require_(
    genotype.space === space.name,
    'usage',
    () =>
      `this is a genotype of another space: it names '${genotype.space}', but ${of} is in use; choose its space with --space`,
    { expected: space.name, found: genotype.space },
  );
  const word = () => `${showLengths(lengths)}`;
  require_(
    lengths.length === space.stages.length,
    'usage',
    () =>
      `this is a genotype of another space: ${word()} has ${lengths.length} stages, ${of} has ${space.stages.length}; choose its space with --space`,
  );
  require_(
    allowsLengths(space, lengths),
    'usage',
    () =>
      `${of} has no networks with stage lengths ${word()}; the nearest it has is ${nearestTuple(space, lengths)}`,
  );
  require_(
    operators.length === layerCount(lengths),
    'usage',
    () =>
      `stage lengths ${word()} make ${layerCount(lengths)} layers, but ${operators.length} operators are given`,
  );
  layerStages(lengths).forEach((stage, layer) => {
    const allowed = space.stages[stage].operators;
    require_(
      allowed.includes(operators[layer]),
      'usage',
      () =>
        `layer ${layer} uses '${operators[layer]}', but stage ${stage} of ${of} allows only ${allowed.join(', ')}`,
      { layer, stage, operator: operators[layer] },
    );
  });
  const broken = brokenRule(space, genotype);
  require_(broken === undefined, 'usage', () => `${encode(genotype)} breaks a rule of ${of}, ${broken}`);
}

function nearestTuple(space: Space, lengths: readonly number[]): string {
  const distance = (other: readonly number[]) =>
    other.reduce((sum, length, stage) => sum + Math.abs(length - lengths[stage]), 0);
  const best = space.stageLengths.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return showLengths(best);
}
