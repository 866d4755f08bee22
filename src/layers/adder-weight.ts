/**
 * The adder's weight as the weight-sharing evidence (section 6) found it to work, in a supernet and alone:
 *
 *   w = exp(l) * z + b     z = standardise(W), W Kaiming; l the logarithm of the scale, b the offset, one each a layer
 *
 * Standardising keeps the drift of W's norm away from an operator that, unlike a convolution before a norm, is not
 * scale-free. A scale of 4 is the compromise between an L1 template and a binary-weight convolution. Left free the
 * scale runs away (section 3b): it is fixed unless asked for, and then kept within bounds.
 */
import { add, multiply, scale } from '../autograd/arithmetic.ts';
import type { Graph, Parameter, ParameterTraits, Tensor } from '../autograd/graph.ts';
import { PLAIN } from '../autograd/graph.ts';
import { standardise } from '../autograd/standardise.ts';
import { exp } from '../autograd/unary.ts';
import type { Backend } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import { constant, fanIn, kaimingNormal, normal } from './initialisers.ts';
import { makeParameter, type Source } from './layer.ts';
import { type EffectiveWeight, PlainWeight, readAs } from './weight.ts';

/** A number that is given, learned within bounds, or learned without. */
export type ScalarChoice =
  | { readonly kind: 'fixed'; readonly value: number }
  | { readonly kind: 'bounded'; readonly low: number; readonly high: number; readonly initial: number }
  | { readonly kind: 'free'; readonly initial: number };

export const FIXED_SCALE: ScalarChoice = { kind: 'fixed', value: 4 };
export const BOUNDED_SCALE: ScalarChoice = { kind: 'bounded', low: 1, high: 8, initial: 4 };
export const FIXED_OFFSET: ScalarChoice = { kind: 'fixed', value: 0.2 };

export interface AdderWeightOptions {
  /** [r, s, c / groups, m] */
  readonly shape: Shape;
  /** `FIXED_SCALE` by default. */
  readonly scale?: ScalarChoice;
  /** `FIXED_OFFSET` by default. */
  readonly offset?: ScalarChoice;
  /** W, if others hold it too; one of its own, Kaiming by fan-in, when absent. */
  readonly weight?: Parameter;
}

/** Scale and offset learn at twice the rate and do not decay (evidence, section 6). */
const SCALAR: ParameterTraits = { decay: false, rate: 2 };

const initialOf = (choice: ScalarChoice): number => (choice.kind === 'fixed' ? choice.value : choice.initial);

/** The parameter of a learned scalar, seen through `view`; null when it is fixed. */
function scalar(
  source: Source,
  name: string,
  choice: ScalarChoice,
  view: (value: number) => number,
): Parameter | null {
  if (choice.kind === 'fixed') return null;
  const initial = view(choice.initial);
  if (choice.kind === 'free') return makeParameter(source, name, [1], SCALAR, constant(initial));
  require_(
    choice.low <= choice.initial && choice.initial <= choice.high,
    'usage',
    () => `${name} needs low <= initial <= high, got ${choice.low}, ${choice.initial}, ${choice.high}`,
  );
  const bounds = [view(choice.low), view(choice.high)] as const;
  return makeParameter(source, name, [1], { ...SCALAR, bounds }, constant(initial));
}

/**
 * s * z + b of z = standardise(w); s and b are numbers, or tensors where they are learned: [1], or [m] for one of each
 * output channel of w [r, s, c / groups, m].
 */
export function scaledOffset(w: Tensor, s: Tensor | number, b: Tensor | number): Tensor {
  if (isScalar(s) && isScalar(b)) return standardise(w, s, b);
  const z = standardise(w);
  const scaled = typeof s === 'number' ? scale(z, s) : multiply(z, s);
  return typeof b === 'number' ? scale(scaled, 1, b) : add(scaled, b);
}

const isScalar = (value: Tensor | number): boolean => typeof value === 'number' || sizeOf(value.shape) === 1;

export class AdderWeight implements EffectiveWeight {
  readonly shape: Shape;
  readonly weight: Parameter;
  /** Parameter of log scale, [1]; null when the scale is fixed. */
  readonly logScale: Parameter | null;
  /** [1]; null when the offset is fixed. */
  readonly offset: Parameter | null;
  private readonly initialScale: number;
  private readonly initialOffset: number;

  constructor(source: Source, name: string, options: AdderWeightOptions) {
    const { shape, scale: scaleChoice = FIXED_SCALE, offset = FIXED_OFFSET } = options;
    const lowest = scaleChoice.kind === 'bounded' ? scaleChoice.low : initialOf(scaleChoice);
    require_(lowest > 0, 'usage', () => `the scale of ${name} must be above 0, got ${lowest}`);
    this.shape = shape;
    this.weight =
      options.weight ?? makeParameter(source, `${name}.weight`, shape, PLAIN, kaimingNormal(fanIn(shape)));
    this.logScale = scalar(source, `${name}.scale`, scaleChoice, Math.log);
    this.offset = scalar(source, `${name}.offset`, offset, (value) => value);
    this.initialScale = initialOf(scaleChoice);
    this.initialOffset = initialOf(offset);
  }

  /** exp(l) * z + b, of the weight's shape. */
  effective(graph: Graph): Tensor {
    const s = this.logScale === null ? this.initialScale : exp(graph.parameter(this.logScale));
    const b = this.offset === null ? this.initialOffset : graph.parameter(this.offset);
    return scaledOffset(readAs(graph, this.weight, 'add'), s, b);
  }

  parameters(): readonly Parameter[] {
    return [this.weight, this.logScale, this.offset].filter((parameter) => parameter !== null);
  }

  /** Scale and offset as they stand: a run prints what it ends with. */
  async read(backend: Backend): Promise<{ readonly scale: number; readonly offset: number }> {
    const [l] =
      this.logScale === null ? [Math.log(this.initialScale)] : await backend.read(this.logScale.value);
    const [b] = this.offset === null ? [this.initialOffset] : await backend.read(this.offset.value);
    return { scale: Math.exp(l), offset: b };
  }
}

/**
 * The adder's weight as published: N(0, 1), used as it is, its gradient rescaled to eta * sqrt(k) (spec 4.1;
 * ShiftAddNAS has eta 0.2).
 */
export function publishedAdderWeight(source: Source, name: string, shape: Shape, eta = 0.2): PlainWeight {
  const traits: ParameterTraits = { ...PLAIN, localRate: eta };
  return new PlainWeight(source, name, { shape, traits, initialise: normal(1), family: 'add' });
}
