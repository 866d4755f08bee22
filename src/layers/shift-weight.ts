/**
 * Weights of the shift layer in its two parameterisations (DeepShift; spec 4.2):
 *
 *   Q    sign(v) * 2^round(log2 |v|)    v = z * sqrt(2 / k), z = standardise(W), k the fan-in (evidence, section 6)
 *   PS   sign(p) * 2^round(s)           exponent s and sign p are tensors of their own
 *
 * With 5 bits Q has exponents -15 ... 0 and PS -14 ... 0. Standardising lets W drift without leaving the range:
 * weights above 1 do not exist.
 */
import type { Graph, Parameter, Tensor } from '../autograd/graph.ts';
import { PLAIN, UNDECAYED } from '../autograd/graph.ts';
import { powerOfTwo } from '../autograd/quantise.ts';
import { shiftWeight } from '../autograd/shift-weight.ts';
import { standardise } from '../autograd/standardise.ts';
import { require_ } from '../core/errors.ts';
import type { Shape } from '../core/shapes.ts';
import { fanIn, kaimingNormal, uniform } from './initialisers.ts';
import { makeParameter, type Source } from './layer.ts';
import { type EffectiveWeight, readAs } from './weight.ts';

/** Smallest exponent of a Q weight: -15 for 5 bits. */
export const lowestQ = (bits: number): number => -(2 ** (bits - 1) - 1);
/** Smallest exponent of a PS weight: -14 for 5 bits. */
export const lowestPS = (bits: number): number => -(2 ** (bits - 1) - 2);

function checkBits(name: string, bits: number): void {
  require_(
    Number.isInteger(bits) && bits >= 2 && bits <= 8,
    'usage',
    () => `a shift weight has 2 to 8 bits, got ${bits} for ${name}`,
  );
}

export interface ShiftWeightQOptions {
  /** [r, s, c / groups, m] */
  readonly shape: Shape;
  /** 5 by default. */
  readonly bits?: number;
  /** Standardise W before rounding (the default), or round W itself as released. */
  readonly standardised?: boolean;
  /** W, if others hold it too; one of its own, Kaiming by fan-in, when absent. */
  readonly weight?: Parameter;
}

/** z * sqrt(2 / k): w brought to the spread of Kaiming's initialisation, which stays within the range of Q. */
export const kaimingStandardised = (w: Tensor): Tensor => standardise(w, Math.sqrt(2 / fanIn(w.shape)));

export class ShiftWeightQ implements EffectiveWeight {
  readonly shape: Shape;
  readonly weight: Parameter;
  private readonly lowest: number;
  private readonly standardised: boolean;

  constructor(source: Source, name: string, options: ShiftWeightQOptions) {
    const { shape, bits = 5, standardised = true } = options;
    checkBits(name, bits);
    this.shape = shape;
    this.lowest = lowestQ(bits);
    this.standardised = standardised;
    this.weight =
      options.weight ?? makeParameter(source, `${name}.weight`, shape, PLAIN, kaimingNormal(fanIn(shape)));
  }

  effective(graph: Graph): Tensor {
    const w = readAs(graph, this.weight, 'shift');
    const v = this.standardised ? kaimingStandardised(w) : w;
    return powerOfTwo(v, this.lowest);
  }

  parameters(): readonly Parameter[] {
    return [this.weight];
  }
}

export interface ShiftWeightPSOptions {
  /** [r, s, c / groups, m] */
  readonly shape: Shape;
  /** 5 by default. */
  readonly bits?: number;
  /** Band of signs that mean zero; 0.5 by default (spec 4.2). */
  readonly threshold?: number;
}

/** s starts uniform over its range, p uniform in (-1, 1); neither decays, for 0 would mean a weight of +-1. */
export class ShiftWeightPS implements EffectiveWeight {
  readonly shape: Shape;
  readonly exponent: Parameter;
  readonly sign: Parameter;
  private readonly lowest: number;
  private readonly threshold: number;

  constructor(source: Source, name: string, options: ShiftWeightPSOptions) {
    const { shape, bits = 5, threshold = 0.5 } = options;
    checkBits(name, bits);
    this.shape = shape;
    this.lowest = lowestPS(bits);
    this.threshold = threshold;
    this.exponent = makeParameter(source, `${name}.exponent`, shape, UNDECAYED, uniform(this.lowest, 0));
    this.sign = makeParameter(source, `${name}.sign`, shape, UNDECAYED, uniform(-1, 1));
  }

  effective(graph: Graph): Tensor {
    const { lowest, threshold } = this;
    return shiftWeight(graph.parameter(this.exponent), graph.parameter(this.sign), { lowest, threshold });
  }

  parameters(): readonly Parameter[] {
    return [this.exponent, this.sign];
  }
}
