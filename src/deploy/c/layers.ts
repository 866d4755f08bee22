/** The layers of a program as constants: what each operation hands to the function that all of its kind share. */
import { packCodes, unpackCodes } from '../integer/codes.ts';
import {
  type AttentionOperation,
  type AveragePoolOperation,
  type IntegerProgram,
  MOST_TERMS,
  type Operation,
  type PoolWindow,
  type Requantise,
  type Value,
  type WindowOperation,
} from '../integer/program.ts';
import { constArray } from './arrays.ts';
import { PLACE_OF_ONE } from './kernels/scaling.ts';
import { type Layout, positionsOf } from './layout.ts';

/** What a layer is written with. */
export interface Surroundings {
  readonly program: IntegerProgram;
  readonly layout: Layout;
  /** Names of the maps of values. */
  readonly maps: readonly string[];
  /** Pointer to a place of the arena, as numbers of so many bits. */
  readonly place: (offset: number, bits: 8 | 16 | 32) => string;
  /** Whether there are layers with a multiplication behind them. */
  readonly factors: boolean;
  readonly patchBits: 8 | 16;
}

export interface Layer {
  /** The part of kernels/ that runs it, and the struct it takes. */
  readonly run: string;
  readonly struct: string;
  /** Arrays that the struct points to. */
  readonly arrays: readonly string[];
  /** Fields of the struct. */
  readonly fields: readonly string[];
}

/** `name`: of the layer in C; `at`: number of the operation. */
export function layerOf(around: Surroundings, operation: Operation, at: number, name: string): Layer {
  const { program, maps } = around;
  const y = program.values[at + 1];
  const to = `.y = &${maps[at + 1]}`;
  switch (operation.kind) {
    case 'rescale': {
      const { arrays, field } = scaling(around, operation.requantise, name, y.shape[2]);
      const fields = [`.x = &${maps[operation.x]}, ${to}`, field];
      return { run: 'run_rescale', struct: 'rescale', arrays, fields };
    }
    case 'sum': {
      const { a, b, aShift, bShift, addend, shift } = operation;
      const fields = [
        `.a = &${maps[a]}, .b = &${maps[b]}, ${to}`,
        `.addend = ${addend}, .a_shift = ${aShift}, .b_shift = ${bShift}, .shift = ${shift}`,
      ];
      return { run: 'run_sum', struct: 'sum', arrays: [], fields };
    }
    case 'window':
      return window(around, operation, at, name);
    case 'max-pool': {
      const fields = [
        `.x = &${maps[operation.x]}, ${to}`,
        slide(operation.window, program.values[operation.x]),
      ];
      return { run: 'run_max_pool', struct: 'max_pool', arrays: [], fields };
    }
    case 'average-pool':
      return meanPool(around, operation, at, name);
    case 'attention':
      return attention(around, operation, at, name);
    case 'lookup': {
      const { x, table, shift } = operation;
      const type = y.bits === 8 ? 'int8_t' : 'int16_t';
      return {
        // without anything between its entries a table needs no product
        run: shift === 0 ? 'run_lookup' : 'run_curve',
        struct: 'lookup',
        arrays: [constArray(type, `${name}_table`, program.tensors.get(table)!.data)],
        fields: [`.x = &${maps[x]}, ${to}`, `.table = ${name}_table, .shift = ${shift}`],
      };
    }
    case 'gate': {
      const { arrays, field } = scaling(around, operation.requantise, name, y.shape[2]);
      const fields = [`.x = &${maps[operation.x]}, .factors = &${maps[operation.gate]}, ${to}`, field];
      return { run: 'run_gate', struct: 'gate', arrays, fields };
    }
    default:
      return operation satisfies never;
  }
}

function slide({ r, s, stride, pad }: PoolWindow, { shape: [, w, c] }: Value): string {
  const row = w * c;
  return `.slide = {.r = ${r}, .s = ${s}, .stride = ${stride}, .pad = ${pad}, .first = ${-pad * (row + c) + 0}, .row = ${row}, .down = ${stride * row}, .right = ${stride * c}}`;
}

function window(around: Surroundings, operation: WindowOperation, at: number, name: string): Layer {
  const { program, maps, layout, place, patchBits } = around;
  const x = program.values[operation.x];
  const m = program.values[at + 1].shape[2];
  const c = x.shape[2];
  const { r, s, groups } = operation.window;
  const inputs = c / groups;
  const taps = r * s * inputs;
  const weights = `${name}_weights`;
  const scaled = scaling(around, operation.requantise, name, m);
  const { data } = program.tensors.get(operation.weight)!;
  const codes = operation.arithmetic === 'shift' ? operation.codeBits : 8;
  const array =
    operation.arithmetic === 'shift'
      ? constArray('uint8_t', weights, rowsOfCodes(data as Uint8Array, m, taps, codes))
      : constArray('int8_t', weights, data);
  const bits =
    operation.arithmetic === 'shift' ? codes : operation.arithmetic === 'add' ? operation.weightShift : 0;
  // with one group, all that a window sees is one run
  const [runs, run, skip] = groups === 1 ? [1, taps, 0] : [r * s, inputs, c - inputs];
  return {
    run: 'run_window',
    struct: 'window',
    arrays: [array, ...scaled.arrays],
    fields: [
      `.x = &${maps[operation.x]}, .y = &${maps[at + 1]}`,
      slide(operation.window, x),
      scaled.field,
      `.seen = ${place(layout.scratch[at]!, patchBits)}, .weights = ${weights}, .next = ${Math.ceil((taps * codes) / 8)}`,
      `.runs = ${runs}, .run = ${run}, .skip = ${skip}, .inputs = ${inputs}, .outputs = ${m / groups}`,
      `.kind = ${operation.arithmetic.toUpperCase()}, .bits = ${bits}`,
    ],
  };
}

/** Codes once more, so that those of every output channel begin with a byte of their own. */
function rowsOfCodes(packed: Uint8Array, m: number, taps: number, bits: number): number[] {
  const codes = unpackCodes(packed, m * taps, bits);
  return Array.from({ length: m }, (_, o) => [
    ...packCodes(codes.subarray(o * taps, (o + 1) * taps), bits),
  ]).flat();
}

/** See `power` in kernels/scaling.ts. */
const termOf = (sign: number, place: number): number => (sign === 0 ? 0 : sign * (place + PLACE_OF_ONE));

function scaling(
  { program, factors }: Surroundings,
  how: Requantise,
  name: string,
  m: number,
): { readonly arrays: readonly string[]; readonly field: string } {
  const data = (tensor: string) => program.tensors.get(tensor)!.data;
  if (how.kind === 'multiply') {
    return {
      arrays: [
        constArray('int16_t', `${name}_factors`, data(how.multipliers)),
        constArray('int64_t', `${name}_offsets`, data(how.addends)),
        constArray('uint8_t', `${name}_shifts`, data(how.shifts)),
      ],
      field: `.scaling = {.factors = ${name}_factors, .offsets = ${name}_offsets, .shifts = ${name}_shifts}`,
    };
  }
  const [signs, places] = [data(how.signs), data(how.places)];
  const count = program.tensors.get(how.signs)!.shape[1];
  const terms = Array.from({ length: count * m }, (_, i) => {
    const from = (i % m) * count + Math.floor(i / m);
    return termOf(signs[from], places[from]);
  });
  return {
    arrays: [
      constArray('int8_t', `${name}_terms`, terms),
      constArray('int32_t', `${name}_addends`, data(how.addends)),
    ],
    field: `.scaling = {${factors ? '.factors = 0, ' : ''}.terms = ${name}_terms, .addends = ${name}_addends, .channels = ${m}, .count = ${count}, .shift = ${how.shift}}`,
  };
}

function meanPool(around: Surroundings, operation: AveragePoolOperation, at: number, name: string): Layer {
  const { program, maps } = around;
  const shares = operation.shares.map(({ count, signs, places, addend }) => {
    const terms = Array.from({ length: MOST_TERMS }, (_, k) => termOf(signs[k] ?? 0, places[k] ?? 0));
    return `  {${count}, ${addend}, {${terms.join(', ')}}},`;
  });
  return {
    run: 'run_mean_pool',
    struct: 'mean_pool',
    arrays: [`static const struct share ${name}_shares[${shares.length}] = {\n${shares.join('\n')}\n};`],
    fields: [
      `.x = &${maps[operation.x]}, .y = &${maps[at + 1]}`,
      slide(operation.window, program.values[operation.x]),
      `.shares = ${name}_shares, .shift = ${operation.shift}`,
    ],
  };
}

function attention(around: Surroundings, operation: AttentionOperation, at: number, name: string): Layer {
  const { program, maps, layout, place } = around;
  const { q, k, v, heads, multiplier, shift } = operation;
  const c = program.values[at + 1].shape[2];
  const { arrays, field } = scaling(around, operation.requantise, name, c);
  return {
    run: 'run_attention',
    struct: 'attention',
    arrays,
    fields: [
      `.q = &${maps[q]}, .k = &${maps[k]}, .v = &${maps[v]}, .y = &${maps[at + 1]}`,
      field,
      `.scores = ${place(layout.scratch[at]!, 32)}, .positions = ${positionsOf(program.values[q])}`,
      `.heads = ${heads}, .width = ${c / heads}, .multiplier = ${multiplier}, .shift = ${shift}`,
    ],
  };
}
