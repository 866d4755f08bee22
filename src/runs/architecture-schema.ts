/**
 * What the `architecture.json` of a network of images must hold. People edit it and copy parts of it, so nothing of it is
 * taken on trust; what it holds besides is left as it is.
 */
import { z } from 'zod';
import { ShiftAddError } from '../core/errors.ts';
import { SCALE_KINDS } from '../layers/adder-scale.ts';
import { OPERATOR_NAMES } from '../operators/names.ts';
import { decode } from '../spaces/genotype.ts';
import { readSchema } from '../spaces/read-schema.ts';
import { parseSpace } from '../spaces/schema.ts';
import type { SharingConfig } from '../supernet/sharing.ts';
import type { TrainedDescription } from './network-files.ts';

/** One of the words of a type, all of them: one that is forgotten does not compile. */
const word = <T extends string>(all: Readonly<Record<T, true>>) => z.enum(Object.keys(all) as T[]);

const sharing = z.looseObject({
  families: z.array(z.enum(OPERATOR_NAMES)),
  transformation: word<SharingConfig['transformation']>({
    ...{ affine: true, monotone: true, released: true, none: true },
  }),
  alignment: word<SharingConfig['alignment']>({
    ...{ none: true, released: true, wasserstein: true, 'wasserstein-add': true },
  }),
  adder: z.looseObject({
    kind: z.enum(SCALE_KINDS),
    ...{ initial: z.number(), low: z.number(), high: z.number(), offset: z.number() },
    per: z.enum(['layer', 'channel']).optional(),
    eta: z.number().optional(),
  }),
  shift: word<SharingConfig['shift']>({ Q: true, PS: true, 'PS-released': true, 'PS-released-v4': true }),
  gradient: word<NonNullable<SharingConfig['gradient']>>({
    ...{ moments: true, normalised: true, plain: true },
  }).optional(),
  initialisation: word<NonNullable<SharingConfig['initialisation']>>({
    ...{ auto: true, kaiming: true, published: true },
  }).optional(),
});

const bits = z.number().int().min(2).max(32);
const quantisation = z.looseObject({
  ...{ weightBits: bits, activationBits: bits },
  weightScales: z.enum(['layer', 'channel']),
  exceptions: z.array(
    z.looseObject({ layers: z.string(), weightBits: bits.optional(), activationBits: bits.optional() }),
  ),
});

const size = z.number().int().min(1).max(65_536);
const root = z
  .looseObject({
    zoo: z.string().optional(),
    genotype: z.string().optional(),
    task: z.looseObject({ image: z.looseObject({ h: size, w: size, c: size }), classes: size }),
    sharing,
    quantisation: quantisation.optional(),
    classes: z.array(z.string()),
    mean: z.array(z.number()),
    deviation: z.array(z.number().positive()),
  })
  .superRefine(({ zoo, genotype, task, classes, mean, deviation }, context) => {
    const wrong = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    const { c } = task.image;
    if (zoo === undefined && genotype === undefined) {
      wrong('genotype', 'must name a network of the space, or zoo one of the zoo');
    }
    if (mean.length !== c) wrong('mean', `must have a number for each of the ${c} channels of task.image`);
    if (deviation.length !== c) {
      wrong('deviation', `must have a number for each of the ${c} channels of task.image`);
    }
    if (classes.length !== task.classes) {
      wrong('classes', `must have a name for each of the ${task.classes} classes of task`);
    }
  });

/**
 * The description that a file holds, its format being known already.
 * @throws ShiftAddError 'run' with `path`, the place in it, and what is wrong there
 */
export function checkedDescription(value: Record<string, unknown>, path: string): TrainedDescription {
  try {
    const checked = readSchema(root, value, path);
    if (checked.zoo !== undefined) return checked as unknown as TrainedDescription;
    const space = parseSpace(value.space, `${path}, space`);
    decode(space, String(checked.genotype));
    return { ...(checked as unknown as TrainedDescription), space };
  } catch (error) {
    if (!(error instanceof ShiftAddError) || error.code !== 'usage') throw error;
    const named = error.message.startsWith(path) ? error.message : `${path}: ${error.message}`;
    throw new ShiftAddError(
      'run',
      `${named}; take the file as it was written, from a copy or from a new run`,
      { ...error.fields, path },
      error,
    );
  }
}
