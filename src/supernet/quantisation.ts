/**
 * How many bits the layers of a network compute with, as plain data: one width for all weights and one for all
 * activations, and exceptions by the names of layers. A layer's width is that of its weight and of what it reads:
 *
 *   stem, head (and head.distillation), layer3.stage1.conv.conv2 (place, family, role), and layer3.stage1.attention.q (k, v, scores), which
 *   are tensors that an attention multiplies with each other and have no weight
 *
 * A network of the zoo calls its layers what its steps are called, but for stem and head: stage1.block1.conv2, and
 * layer3.attention.self.q. Shift weights are powers of two whatever is asked here. An adder's input and weight lie on one step, for their
 * difference has to be a whole number of something.
 */
import { nearest, require_, ShiftAddError } from '../core/errors.ts';
import { OPERATORS } from '../operators/index.ts';
import type { OperatorName } from '../operators/names.ts';
import type { WeightDeclaration } from '../operators/operator.ts';
import type { Task } from '../spaces/layout.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { blockUses, headNames } from './declarations.ts';

/** Real numbers: nothing is rounded. */
export const REAL = 32;
const FEWEST = 2;
const MOST = 16;

export interface Widths {
  /** 2 to 16, or 32 for real numbers. */
  readonly weightBits: number;
  readonly activationBits: number;
}

/** Layers that compute with other widths. */
export interface WidthException extends Partial<Widths> {
  /** A name, or names with * for any letters: `stem`, `*.peg`, `layer0.*`. */
  readonly layers: string;
}

export interface Quantisation extends Widths {
  /** A step for a weight, or for each of its output channels (adders: always for the weight). */
  readonly weightScales: 'layer' | 'channel';
  /** Later ones win. */
  readonly exceptions: readonly WidthException[];
}

/** A layer as its widths know it. */
export interface QuantisedLayer {
  readonly name: string;
  readonly family: OperatorName | 'stem' | 'head';
  /** The place of its block, for layers of blocks. */
  readonly place?: string;
  /** Absent for what has no weight, and for stem and head. */
  readonly declaration?: WeightDeclaration;
}

/** The family whose arithmetic a layer has: ordinary weights are multiplied with in blocks of every family. */
export function arithmeticOf<Family>(
  family: Family,
  declaration: WeightDeclaration | undefined,
): Family | 'conv' {
  return declaration?.ordinary === undefined ? family : 'conv';
}

export const layerName = (place: string, family: OperatorName, role: string): string =>
  `${place}.${family}.${role}`;

/** Every layer of a space, or of one network of it. */
export function* quantisedLayers(space: Space, task: Task, genotype?: Genotype): Iterable<QuantisedLayer> {
  yield { name: 'stem', family: 'stem' };
  const seen = new Set<string>();
  for (const { plan, family } of blockUses(space, task, genotype)) {
    const place = plan.name;
    for (const declaration of OPERATORS[family].weights(plan)) {
      const name = layerName(place, family, declaration.role);
      if (seen.has(name) || declaration.ordinary === 'bias') continue;
      seen.add(name);
      yield { name, family, place, declaration };
    }
    for (const role of OPERATORS[family].products) {
      const name = layerName(place, family, role);
      if (seen.has(name)) continue;
      seen.add(name);
      yield { name, family, place };
    }
  }
  for (const name of headNames(space)) yield { name, family: 'head' };
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

const REAL_WIDTHS: Widths = { weightBits: REAL, activationBits: REAL };

/** The widths of a layer; real numbers without a quantisation. */
export function widthsOf(quantisation: Quantisation | undefined, layer: string): Widths {
  if (quantisation === undefined) return REAL_WIDTHS;
  let { weightBits, activationBits } = quantisation;
  for (const exception of quantisation.exceptions) {
    if (!matches(exception.layers, layer)) continue;
    weightBits = exception.weightBits ?? weightBits;
    activationBits = exception.activationBits ?? activationBits;
  }
  return { weightBits, activationBits };
}

/** @throws ShiftAddError 'usage' for a width that does not exist */
export function checkQuantisation(quantisation: Quantisation): void {
  checkWidths(quantisation, 'weights and activations');
  for (const exception of quantisation.exceptions) checkWidths(exception, exception.layers);
}

/** `whose`: `space cifar`, for people. @throws ShiftAddError 'usage' for exceptions that none of the layers meets */
export function checkExceptions(
  quantisation: Quantisation | undefined,
  layers: Iterable<QuantisedLayer>,
  whose: string,
): void {
  if (quantisation === undefined || quantisation.exceptions.length === 0) return;
  const names = Array.from(layers, ({ name }) => name);
  for (const exception of quantisation.exceptions) {
    if (names.some((name) => matches(exception.layers, name))) continue;
    const near = nearest(exception.layers, names);
    throw new ShiftAddError(
      'usage',
      `an exception of bit widths must name layers of ${whose}, but "${exception.layers}" is none of them; ` +
        `${near ? `did you mean ${near}?` : `they are called like ${names.slice(0, 3).join(', ')}`}`,
      { layers: exception.layers },
    );
  }
}

function checkWidths({ weightBits, activationBits }: Partial<Widths>, where: string): void {
  for (const bits of [weightBits, activationBits]) {
    require_(
      bits === undefined || bits === REAL || (Number.isInteger(bits) && bits >= FEWEST && bits <= MOST),
      'usage',
      () => `bits of ${where} must be ${FEWEST} to ${MOST}, or ${REAL} for real numbers, got ${bits}`,
      { where },
    );
  }
}
