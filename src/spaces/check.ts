import { require_ } from '../core/errors.ts';
import { adderScaleFault, DEFAULT_ADDER } from '../layers/adder-scale.ts';
import { checkRules } from './check-rules.ts';
import type { Space, Stage } from './space.ts';
import { layerCount, showLengths, stageStride } from './stage-layers.ts';

/**
 * What a space must satisfy beyond having the right keys: it holds at least one network, and the sizes of its
 * parts fit together. Every rule is a sentence, so a person with a config file knows which line to change.
 */

/** Layers a network may have; far above any use, far below what would exhaust memory. */
export const MOST_LAYERS = 1000;

/** Throws `usage` unless the space is consistent and not empty. Returns it. */
export function checkSpace(space: Space): Space {
  const rule = (holds: boolean, where: string, sentence: string): void =>
    require_(holds, 'usage', `space '${space.name}', ${where}: ${sentence}`, { space: space.name, where });
  rule(space.stages.length > 0, 'stages', 'a space needs at least one stage, but the list is empty; add one');
  rule(
    space.lastStride !== 1 || space.stages.length > 1,
    'lastStride',
    'the stride into the last stage can be 1 where a stage comes before it, but the space has one stage; leave it out',
  );
  checkStem(space, rule);
  space.stages.forEach((stage, i) => {
    checkStage(space, stage, i, rule);
  });
  checkLengths(space, rule);
  checkAdder(space, rule);
  checkRules(space, rule);
  return space;
}

type Rule = (holds: boolean, where: string, sentence: string) => void;

function checkStem({ stem, stages }: Space, rule: Rule): void {
  rule(stem.kernel % 2 === 1, 'stem.kernel', `the window must be odd to be centred, got ${stem.kernel}`);
  rule(
    stem.kernel >= stem.stride,
    'stem.stride',
    `a stride of ${stem.stride} skips pixels under a window of ${stem.kernel}; use at most ${stem.kernel}`,
  );
  const reduced = stem.stride * (stem.pool === 'none' ? 1 : 2);
  rule(
    stages[0].scale === reduced,
    'stages[0].scale',
    `stride ${stem.stride} and pool '${stem.pool}' of the stem leave 1/${reduced} of the image, so the first stage ` +
      `must have scale ${reduced}, got ${stages[0].scale}`,
  );
}

function checkStage(space: Space, stage: Stage, i: number, rule: Rule): void {
  const where = `stages[${i}]`;
  const inner = stage.channels / 4;
  rule(
    Number.isInteger(inner),
    `${where}.channels`,
    `the inner width of a block is a quarter, so channels must divide by 4, got ${stage.channels}`,
  );
  if (i > 0) {
    const before = space.stages[i - 1].scale;
    const stride = stageStride(space, i);
    const does = stride === 2 ? 'each stage halves' : 'a last stage of stride 1 keeps';
    rule(
      stage.scale === stride * before,
      `${where}.scale`,
      `${does} the resolution of the one before (scale ${before}), so it must be ${stride * before}, got ${stage.scale}`,
    );
  }
  const { kernel = 3 } = stage;
  rule(kernel % 2 === 1, `${where}.kernel`, `the window must be odd to be centred, got ${kernel}`);
  rule(
    stage.operators.length > 0,
    `${where}.operators`,
    'a stage needs at least one operator, but the list is empty; name one, such as conv',
  );
  rule(
    new Set(stage.operators).size === stage.operators.length,
    `${where}.operators`,
    `an operator may be listed once, got ${stage.operators.join(', ')}`,
  );
  rule(
    !stage.operators.includes('attention') || inner <= space.headWidth || inner % space.headWidth === 0,
    'headWidth',
    `attention in stage ${i} has an inner width of ${inner}, which does not split into heads of ${space.headWidth}`,
  );
}

/** What the space leaves open counts as it does in a run that says nothing of it. */
function checkAdder({ adder = {} }: Space, rule: Rule): void {
  const given = Object.entries(adder).filter(([, value]) => value !== undefined);
  const fault = adderScaleFault({ ...DEFAULT_ADDER, ...Object.fromEntries(given) });
  rule(fault === undefined, 'adder', fault ?? '');
}

function checkLengths(space: Space, rule: Rule): void {
  const stages = space.stages.length;
  rule(
    space.stageLengths.length > 0,
    'stageLengths',
    `no tuple of stage lengths is allowed, so the space is empty; give one, such as [${space.stages.map(() => 1).join(', ')}]`,
  );
  const seen = new Set<string>();
  space.stageLengths.forEach((lengths, i) => {
    const where = `stageLengths[${i}]`;
    const shown = showLengths(lengths);
    rule(
      lengths.length === stages,
      where,
      `${shown} names ${lengths.length} stages, but the space has ${stages}; give a length for each`,
    );
    const empty = lengths.findIndex((length) => length < 1);
    rule(
      empty < 0,
      where,
      `${shown} gives stage ${empty} zero layers, but every stage needs one; raise it or leave the stage out of the space`,
    );
    rule(
      layerCount(lengths) <= MOST_LAYERS,
      where,
      `${shown} makes ${layerCount(lengths)} layers; at most ${MOST_LAYERS} are supported`,
    );
    rule(!seen.has(shown), where, `${shown} is listed twice, so its networks would be counted twice`);
    seen.add(shown);
  });
  const reference = showLengths(space.reference);
  rule(
    seen.has(reference),
    'reference',
    `${reference || 'an empty tuple'} is not among stageLengths; name one of them, such as ${showLengths(space.stageLengths[0])}`,
  );
}
