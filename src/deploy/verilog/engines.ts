/**
 * Which engines a program needs: its window layers by arithmetic, form of requantisation and width of their inputs, each
 * kind with one engine that is large enough for all its layers. native/verilog/rtl/layer_engine.v is the engine.
 */
import { ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import type { IntegerProgram, Requantise, Value, WindowOperation } from '../integer/program.ts';

export const ARITHMETICS = ['conv', 'shift', 'add'] as const;
export const REQUANTISATIONS = ['multiply', 'terms'] as const satisfies readonly Requantise['kind'][];

/** A window layer with its place in the program. */
export interface WindowLayer {
  /** Its operation; its value is one further. */
  readonly index: number;
  readonly operation: WindowOperation;
  readonly from: Value;
  readonly to: Value;
}

/** Parameters of the engine, and words of the memories that the bench puts around it. */
export interface Engine {
  readonly name: string;
  readonly arithmetic: WindowOperation['arithmetic'];
  readonly requantise: Requantise['kind'];
  readonly activationBits: number;
  readonly weightBits: number;
  /** Elements: the most rows of a window. */
  readonly rows: number;
  readonly rowWords: number;
  readonly filterWords: number;
  readonly mapWords: number;
  readonly weightWords: number;
  readonly channels: number;
  readonly outputWords: number;
}

/** Sizes and their products are counted in 16 bits. */
const MOST = 2 ** 16 - 1;

export function windowLayers({ operations, values }: IntegerProgram): WindowLayer[] {
  return operations.flatMap((operation, index) =>
    operation.kind === 'window'
      ? [{ index, operation, from: values[operation.x], to: values[index + 1] }]
      : [],
  );
}

/** Bits of a weight as the engine reads it: an adder's are shifted to the input's step before (`weightShift`). */
function weightBits({ operation, from }: WindowLayer): number {
  if (operation.arithmetic === 'shift') return operation.codeBits;
  return operation.arithmetic === 'add' ? from.bits : 8;
}

export const engineName = ({ operation, from }: WindowLayer): string =>
  `${operation.arithmetic}-${operation.requantise.kind}-${from.bits}`;

function engineOf(layer: WindowLayer): Engine {
  const { operation, from, to } = layer;
  const { r, s, groups } = operation.window;
  const [, w, c] = from.shape;
  const perGroup = c / groups;
  const [rowWords, filterWords] = [w * perGroup, s * perGroup];
  if (Math.max(...from.shape, ...to.shape, rowWords, filterWords, operation.window.pad * perGroup) > MOST) {
    throw new ShiftAddError(
      'usage',
      `${operation.name} is too large for the engine in Verilog, which counts sizes and the words of a row in 16 bits (up to ${MOST}); a row of its map has ${rowWords}`,
      { layer: operation.name, rowWords },
    );
  }
  return {
    name: engineName(layer),
    ...{ arithmetic: operation.arithmetic, requantise: operation.requantise.kind },
    ...{ activationBits: from.bits, weightBits: weightBits(layer) },
    ...{ rows: r, rowWords, filterWords },
    ...{ mapWords: sizeOf(from.shape), weightWords: to.shape[2] * r * filterWords },
    ...{ channels: to.shape[2], outputWords: sizeOf(to.shape) },
  };
}

const SIZES = [
  ...(['weightBits', 'rows', 'rowWords', 'filterWords'] as const),
  ...(['mapWords', 'weightWords', 'channels', 'outputWords'] as const),
] satisfies readonly (keyof Engine)[];

/** One engine for each kind of layer, by name. @throws ShiftAddError 'usage' when a layer is too large */
export function enginesOf(layers: readonly WindowLayer[]): ReadonlyMap<string, Engine> {
  const engines = new Map<string, Engine>();
  for (const layer of layers) {
    const own = engineOf(layer);
    const other = engines.get(own.name);
    engines.set(own.name, other === undefined ? own : larger(own, other));
  }
  return engines;
}

function larger(a: Engine, b: Engine): Engine {
  const sizes = SIZES.map((name) => [name, Math.max(a[name], b[name])] as const);
  return { ...a, ...Object.fromEntries(sizes) };
}

/** As the bench's Verilog parameters. Memories have two words at least, so that they have an address. */
export function parametersOf(engine: Engine): Readonly<Record<string, number>> {
  const words = (count: number) => Math.max(2, count);
  return {
    ARITHMETIC: ARITHMETICS.indexOf(engine.arithmetic),
    REQUANTISE: REQUANTISATIONS.indexOf(engine.requantise),
    ACTIVATION_BITS: engine.activationBits,
    WEIGHT_BITS: engine.weightBits,
    ROWS: engine.rows,
    ROW_WORDS: words(engine.rowWords),
    FILTER_WORDS: words(engine.filterWords),
    MAP_WORDS: words(engine.mapWords),
    WEIGHT_WORDS: words(engine.weightWords),
    CHANNELS: words(engine.channels),
    OUTPUT_WORDS: words(engine.outputWords),
  };
}
