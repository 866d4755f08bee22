/**
 * An integer program as two files of C99: NAME.h with what others may call, and NAME.c with the functions that layers share,
 * the layers as constants, and one call for each. No allocation, no floating point, nothing but <stdint.h>.
 */
import { countOperations, type OperationCounts } from '../integer/counts.ts';
import { type IntegerProgram, inputsOf, type Operation, type Value } from '../integer/program.ts';
import type { Features } from './kernels/part.ts';
import { partsOf } from './kernels/parts.ts';
import { type Layer, layerOf, type Surroundings } from './layers.ts';
import { bytesOf, patchBits, planLayout } from './layout.ts';
import { inComment, layerName } from './names.ts';

export interface CProgram {
  /** Prefix of all that others see; the files are NAME.c and NAME.h. */
  readonly name: string;
  readonly source: string;
  readonly header: string;
  /** Bytes of the static piece of memory that all values share. */
  readonly arena: number;
  readonly counts: OperationCounts;
}

export interface Writing {
  readonly name: string;
  /** Of this package. */
  readonly version: string;
}

export function writeC(program: IntegerProgram, { name, version }: Writing): CProgram {
  const layout = planLayout(program);
  const features = featuresOf(program);
  const layers = program.operations.map((operation, i) => layerName(operation.name, i));
  const maps = ['image', ...layers].map((layer) => `${layer}_map`);
  const around: Surroundings = {
    ...{ program, layout, maps, patchBits: features.patchBits },
    factors: features.forms.has('multiply'),
    place: (offset, bits) => `arena.of_${bits} + ${(8 * offset) / bits}`,
  };
  const written = program.operations.map((operation, i) => layerOf(around, operation, i, layers[i]));
  const parts = partsOf(['map', ...written.map(({ run }) => run)], features);
  const words = Math.ceil(layout.bytes / 4);
  const counts = countOperations(program);
  const shared = { program, name, version, arena: 4 * words, counts };
  const source = [
    `/* ${inComment(program.network)} in whole numbers, written by shiftaddnas ${version}; see ${name}.h. */`,
    `#include "${name}.h"`,
    `/* Shifts to the right must round down, also below 0. */\ntypedef char ${name}_needs_arithmetic_shifts[(-1 >> 1) == -1 ? 1 : -1];`,
    ...parts.map((part) => part.text(features)),
    `/* All values, one behind or over the other: a place is used again once its number was read for the last time. */\nstatic union {\n  int8_t of_8[${4 * words}];\n  int16_t of_16[${2 * words}];\n  int32_t of_32[${words}];\n} arena;`,
    ...program.values.map((value, i) => mapOf(value, maps[i], around.place(layout.values[i], value.bits))),
    ...written.map((layer, i) => structOf(layer, layers[i], program, i)),
    infer(program, name, layout.values, written, layers),
    classify(program, name),
  ];
  return {
    ...{ name, arena: 4 * words, counts },
    source: `${source.join('\n\n')}\n`,
    header: header(shared),
  };
}

function featuresOf(program: IntegerProgram): Features {
  const { values, operations } = program;
  const arithmetics = new Set<'conv' | 'shift' | 'add'>();
  const forms = new Set<'terms' | 'multiply'>();
  let weightShift = false;
  let most = 0;
  for (const { shape } of values) most = Math.max(most, ...shape);
  for (const operation of operations) {
    if (operation.kind === 'window') {
      arithmetics.add(operation.arithmetic);
      if (operation.arithmetic === 'add') weightShift ||= operation.weightShift > 0;
    }
    if ('requantise' in operation) forms.add(operation.requantise.kind);
    if ('window' in operation) most = Math.max(most, ...Object.values(operation.window));
  }
  return {
    ...{ arithmetics, forms, weightShift, patchBits: patchBits(program), small: most < 2 ** 15 },
    reads: new Set(operations.flatMap((operation) => inputsOf(operation).map((at) => values[at].bits))),
    writes: new Set(operations.map((_, i) => values[i + 1].bits)),
  };
}

function mapOf({ shape: [h, w, c], bits, zero, low, high }: Value, name: string, place: string): string {
  return `static const struct map ${name} = {
  .numbers = ${place}, .count = ${h * w * c}, .h = ${h}, .w = ${w}, .c = ${c},
  .zero = ${zero}, .low = ${low}, .high = ${high}, .bits = ${bits},
};`;
}

const sized = ({ shape }: Value): string => `[${shape.join(', ')}]`;

/** `stem: conv 3x3 [28, 28, 1] -> [28, 28, 16]`. */
function titleOf({ values }: IntegerProgram, operation: Operation, at: number): string {
  const kind = operation.kind === 'window' ? operation.arithmetic : operation.kind;
  const size = 'window' in operation ? ` ${operation.window.r}x${operation.window.s}` : '';
  const inputs = inputsOf(operation).map((value) => sized(values[value]));
  return `${inComment(operation.name)}: ${kind}${size} ${inputs.join(', ')} -> ${sized(values[at + 1])}`;
}

function structOf({ struct, arrays, fields }: Layer, name: string, program: IntegerProgram, at: number) {
  return [
    `/* ${titleOf(program, program.operations[at], at)} */`,
    ...arrays,
    `static const struct ${struct} ${name} = {\n${fields.map((field) => `  ${field},`).join('\n')}\n};`,
  ].join('\n');
}

function infer(
  program: IntegerProgram,
  name: string,
  offsets: readonly number[],
  layers: readonly Layer[],
  names: readonly string[],
): string {
  const { values, operations } = program;
  const last = values.length - 1;
  const calls = layers.map(
    ({ run }, i) => `  ${run}(&${names[i]}); /* ${titleOf(program, operations[i], i)} */`,
  );
  const logits = `arena.of_${values[last].bits}[${(8 * offsets[last]) / values[last].bits} + i]`;
  return `\
void ${name}_infer(const uint8_t *pixels, int16_t *logits)
{
  for (int32_t i = 0; i < ${bytesOf(values[0])}; i++) arena.of_8[${offsets[0]} + i] = (int8_t)(pixels[i] - 128);
${calls.join('\n')}
  for (int32_t i = 0; i < ${program.classes.length}; i++) logits[i] = ${logits};
}`;
}

const classify = (program: IntegerProgram, name: string): string => `\
int ${name}_classify(const uint8_t *pixels)
{
  int16_t logits[${program.classes.length}];
  int best = 0;
  ${name}_infer(pixels, logits);
  for (int i = 1; i < ${program.classes.length}; i++) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}`;

interface Shared {
  readonly program: IntegerProgram;
  readonly name: string;
  readonly version: string;
  readonly arena: number;
  readonly counts: OperationCounts;
}

function header({ program, name, version, arena, counts }: Shared): string {
  const { values, classes, network } = program;
  const [h, w, c] = values[0].shape;
  const { step, zero } = values[values.length - 1];
  const macro = name.toUpperCase();
  const define = (what: string, value: number) => `#define ${macro}_${what} ${value}`;
  const labels = classes.map((label, i) => ` *   ${i}  ${inComment(label)}`).join('\n');
  const { multiplications, additions, shifts, divisions } = counts;
  return `\
/*
 * ${inComment(network)} in whole numbers, written by shiftaddnas ${version}.
 *
 * C99 without allocation and floating point; no library, only <stdint.h>. All values lie in ${arena} static bytes, so one
 * image is computed at a time. One image takes ${multiplications} multiplications, ${additions} additions,
 * ${shifts} shifts and ${divisions} divisions, addresses and loops aside.
 *
 * Classes:
${labels}
 */
#ifndef ${macro}_H
#define ${macro}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

${define('HEIGHT', h)}
${define('WIDTH', w)}
${define('CHANNELS', c)}
${define('PIXELS', h * w * c)}
${define('CLASSES', classes.length)}
${define('ARENA_BYTES', arena)}

/*
 * pixels: one image [height][width][channels], bytes from 0 to 255, not normalised. logits: [classes]; a logit q stands for
 * ${step} * (q - ${zero}).
 */
void ${name}_infer(const uint8_t *pixels, int16_t *logits);

/* The number of the class of an image: the first of the largest logits. */
int ${name}_classify(const uint8_t *pixels);

#ifdef __cplusplus
}
#endif

#endif
`;
}
