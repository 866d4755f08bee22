/**
 * What a translation space must satisfy beyond having the right keys: it holds at least one network, and whatever is
 * chosen fits together. Every rule is a sentence, so a person with a space file knows which line to change.
 */
import { require_ } from '../../core/errors.ts';
import { MOST_LAYERS } from '../check.ts';
import { blockParts } from './network.ts';
import type { DecoderChoices, EncoderChoices, TranslationSpace } from './space.ts';

type Rule = (holds: boolean, where: string, sentence: string) => void;

/** Throws `usage` unless every choice is possible. Returns the space. */
export function checkTranslationSpace(space: TranslationSpace): TranslationSpace {
  const rule: Rule = (holds, where, sentence) =>
    require_(holds, 'usage', `space '${space.name}', ${where}: ${sentence}`, { space: space.name, where });
  rule(space.windows.length > 0, 'windows', 'the list is empty; give one window for all layers, such as [7]');
  space.windows.forEach((window, i) => {
    rule(window % 2 === 1, `windows[${i}]`, `the window must be odd to be centred, got ${window}`);
  });
  checkSide(space, 'encoder', space.encoder, rule);
  checkSide(space, 'decoder', space.decoder, rule);
  checkCross(space, space.decoder, rule);
  checkReference(space, rule);
  return space;
}

function checkSide(space: TranslationSpace, side: string, choices: EncoderChoices, rule: Rule): void {
  for (const [key, values] of Object.entries(choices) as [string, readonly (string | number)[]][]) {
    const where = `${side}.${key}`;
    rule(values.length > 0, where, 'the list is empty, so the space is too; give at least one value');
    const twice = values.find((value, i) => values.indexOf(value) !== i);
    rule(twice === undefined, where, `${twice} is listed twice, so its networks would be counted twice`);
  }
  choices.layers.forEach((layers, i) => {
    rule(
      layers <= MOST_LAYERS,
      `${side}.layers[${i}]`,
      `at most ${MOST_LAYERS} layers are supported, got ${layers}`,
    );
  });
  choices.width.forEach((width, i) => {
    rule(
      width % 2 === 0,
      `${side}.width[${i}]`,
      `positions are encoded in pairs of a sine and a cosine, so a width must be even, got ${width}`,
    );
  });
  choices.heads.forEach((heads, i) => {
    divides(heads, space.attention, 'the attention width', `${side}.heads[${i}]`, rule);
  });
  checkFilters(side, choices, rule);
}

/** Channels of a head share a filter, so the channels of every filter must split into every number of heads. */
function checkFilters(side: string, { block, heads, width }: EncoderChoices, rule: Rule): void {
  for (const name of block) {
    const { attention, lightweight } = blockParts(name);
    if (lightweight === undefined) continue;
    for (const channels of width) {
      const filtered = attention ? channels / 2 : channels;
      heads.forEach((count, i) => {
        const what = `the ${filtered} channels that the filter of block ${name} has at a width of ${channels}`;
        divides(count, filtered, what, `${side}.heads[${i}]`, rule);
      });
    }
  }
}

function divides(heads: number, whole: number, what: string, where: string, rule: Rule): void {
  const shown = what.includes(String(whole)) ? what : `${what} of ${whole}`;
  rule(whole % heads === 0, where, `heads must divide ${shown}, got ${heads}`);
}

function checkCross(space: TranslationSpace, { crossHeads, sources }: DecoderChoices, rule: Rule): void {
  crossHeads.forEach((heads, i) => {
    divides(heads, space.attention, 'the attention width', `decoder.crossHeads[${i}]`, rule);
  });
  const fewest = Math.min(...space.encoder.layers);
  sources.forEach((count, i) => {
    rule(
      count <= fewest,
      `decoder.sources[${i}]`,
      `the last ${count} encoder layers can be attended to where there are as many, but an encoder may have ${fewest}`,
    );
  });
}

function checkReference(space: TranslationSpace, rule: Rule): void {
  for (const side of ['encoder', 'decoder'] as const) {
    const choices: Readonly<Record<string, readonly (string | number)[]>> = { ...space[side] };
    for (const [key, value] of Object.entries(space.reference[side])) {
      rule(
        choices[key].includes(value),
        `reference.${side}.${key}`,
        `${value} is not among the choices of the space; use one of ${choices[key].join(', ')}`,
      );
    }
  }
}
