/** What the engine reads of a layer, as memory files: its sizes, its weights, and how its sums become stored numbers. */
import { sizeOf } from '../../core/shapes.ts';
import { codeOf, unpackCodes, weightOf } from '../integer/codes.ts';
import { type IntegerProgram, MOST_TERMS, type Requantise } from '../integer/program.ts';
import { type Stored, weightsOf } from '../integer/reference/window.ts';
import type { Engine, WindowLayer } from './engines.ts';
import { hex, joined, memory } from './hex.ts';

/** Bits of an output channel's entry, see requantise_multiply.v and requantise_terms.v. */
const SCALE_BITS = 72;
const OUTPUT_BITS = 16;

/** Sizes in the order in which layer_bench.v takes them, each with what it is. */
function fieldsOf({ operation, from, to }: WindowLayer): readonly (readonly [what: string, value: number])[] {
  const { window, requantise } = operation;
  const { r, s, stride, pad, groups } = window;
  const [h, w, c] = from.shape;
  const [e, f, m] = to.shape;
  const perGroup = c / groups;
  return [
    ...([
      ['rows of the map', h],
      ['padding', pad],
      ['stride', stride],
    ] as const),
    ...([
      ['rows of the window', r],
      ['groups', groups],
      ['channels of a group', perGroup],
    ] as const),
    ...([
      ['filters of a group', m / groups],
      ['from a position to the next', c - perGroup + 1],
    ] as const),
    ...([
      ['words of a row', w * perGroup],
      ['words of a row of the window', s * perGroup],
    ] as const),
    ...([
      ['words of a stride', stride * perGroup],
      ['words of padding', pad * perGroup],
    ] as const),
    ...([
      ['rows of the output', e],
      ['columns of the output', f],
      ['channels of the output', m],
    ] as const),
    ...([
      ['words of an output row', f * m],
      ['what stands for 0', from.zero],
    ] as const),
    ...([
      ['lowest output', to.low],
      ['highest output', to.high],
    ] as const),
    ['shift of terms', requantise.kind === 'terms' ? requantise.shift : 0],
    ...([
      ['words of the map', sizeOf(from.shape)],
      ['words of the weights', m * r * s * perGroup],
    ] as const),
  ];
}

function weightsFile(program: IntegerProgram, { operation, from, to }: WindowLayer, bits: number): string {
  const { r, s, groups } = operation.window;
  const count = (to.shape[2] * r * s * from.shape[2]) / groups;
  if (operation.arithmetic !== 'shift') return memory(weightsOf(program, operation, count), bits);
  // codes of the engine's width: an engine reads the widest that any of its layers has
  const bytes = program.tensors.get(operation.weight)!.data as Uint8Array;
  const codes = Array.from(unpackCodes(bytes, count, operation.codeBits), (code) => {
    const weight = weightOf(code, operation.codeBits);
    return weight === 0 ? 0 : codeOf(weight, Math.log2(Math.abs(weight)) + 1, bits);
  });
  return memory(codes, bits);
}

/** An entry for each output channel, as the requantisation units read it. */
export function scaleWords({ tensors }: IntegerProgram, how: Requantise, channels: number): bigint[] {
  const data = (name: string) => tensors.get(name)!.data;
  const addends = data(how.addends);
  if (how.kind === 'multiply') {
    const [multipliers, shifts] = [data(how.multipliers), data(how.shifts)];
    return Array.from({ length: channels }, (_, o) =>
      joined([
        [multipliers[o], 16],
        [addends[o], 48],
        [shifts[o], 8],
      ]),
    );
  }
  const [signs, places] = [data(how.signs), data(how.places)];
  const terms = tensors.get(how.signs)!.shape[1];
  return Array.from({ length: channels }, (_, o) => {
    const parts = Array.from({ length: MOST_TERMS }, (_, k): [number, number][] => {
      const at = o * terms + k;
      return k < terms
        ? [
            [signs[at], 2],
            [places[at], 6],
          ]
        : [[0, 8]];
    });
    return joined([...parts.reverse().flat(), [addends[o], 32]]);
  });
}

/** layer.hex, weights.hex and scales.hex. */
export function layerFiles(
  program: IntegerProgram,
  layer: WindowLayer,
  engine: Engine,
): ReadonlyMap<string, string> {
  const { operation, to } = layer;
  const fields = fieldsOf(layer).map(([what, value]) => `${hex(value, 32)}  // ${what}: ${value}\n`);
  return new Map([
    ['layer.hex', `// ${operation.name}, for the engine ${engine.name}\n${fields.join('')}`],
    ['weights.hex', weightsFile(program, layer, engine.weightBits)],
    ['scales.hex', memory(scaleWords(program, operation.requantise, to.shape[2]), SCALE_BITS)],
  ]);
}

/** What goes into a layer for one image, and what must come out. `values`: all of the program's, for that image. */
export function imageFiles(
  { index, operation, from }: WindowLayer,
  values: readonly Stored[],
  image: number,
): ReadonlyMap<string, string> {
  return new Map([
    [`map-${image}.hex`, memory(values[operation.x], from.bits)],
    [`expected-${image}.hex`, memory(values[index + 1], OUTPUT_BITS)],
  ]);
}
