/**
 * From the tensor that stands in the store to the weight a family computes with: the transformation kernel T of
 * heterogeneous weight sharing, in each of its formulations.
 *
 *            ┌ conv, attention   W
 *   W ───────┼ add               exp(l) * z + b          z = (W - mean) / deviation, or a monotone function of it
 *            └ shift             sign(v) * 2^round(log2|v|),  v = z * sqrt(2 / k)
 */

import { scale } from '../autograd/arithmetic.ts';
import type { Graph, Tensor } from '../autograd/graph.ts';
import { piecewise } from '../autograd/piecewise.ts';
import { powerOfTwo, shiftWeight } from '../autograd/quantise.ts';
import { standardise } from '../autograd/standardise.ts';
import { abs, clamp, exp, log } from '../autograd/unary.ts';
import { sizeOf } from '../core/shapes.ts';
import { scaledOffset } from '../layers/adder-weight.ts';
import { kaimingStandardised, lowestQ } from '../layers/shift-weight.ts';
import type { OperatorName } from '../operators/names.ts';
import type { WeightDeclaration } from '../operators/operator.ts';
import { LOWEST_PS_EXPONENT } from './declarations.ts';
import { monotone } from './monotone.ts';
import { ownKey, type SharingConfig, sharedKey, shares } from './sharing.ts';
import type { WeightStore } from './store.ts';

/** Smallest power of two of a 5-bit Q weight (spec 4.2: |w| clamped to [2^-15, 1]). */
export const LOWEST_Q_EXPONENT = lowestQ(5);

export interface EffectiveOptions {
  /** What the family's own tensors of the role are called; `place.family.role` when absent. */
  readonly own?: string;
  /** The part of a real-valued tensor that is read, where a network is narrower than its supernet; all when absent. */
  readonly view?: (tensor: Tensor) => Tensor;
}

/** The effective weight of a role for a family. Notes on the graph which family read a shared tensor. */
export function effectiveWeight(
  graph: Graph,
  store: WeightStore,
  sharing: SharingConfig,
  place: string,
  family: OperatorName,
  declaration: WeightDeclaration,
  { own = ownKey(place, declaration.role, family), view = (tensor) => tensor }: EffectiveOptions = {},
): Tensor {
  const { role, shared, ordinary } = declaration;
  if (ordinary !== undefined) return graph.parameter(store.parameter(own));
  const isShared = shared && shares(sharing, family);
  const name = isShared ? sharedKey(place, role) : own;
  const leaf = (parameterName: string) => graph.parameter(store.parameter(parameterName));
  if (family === 'shift' && sharing.shift !== 'Q' && sharing.shift !== 'PS') {
    return releasedShift(graph, store, sharing, name, own, isShared);
  }
  if (family === 'shift' && sharing.shift === 'PS') {
    const exponent = isShared
      ? exponentOf(realShiftWeight(view(readShared(graph, store, name, family)), own, leaf, sharing))
      : view(leaf(`${own}.exponent`));
    return shiftWeight(exponent, view(leaf(`${own}.sign`)), { lowest: LOWEST_PS_EXPONENT });
  }
  const raw = view(isShared ? readShared(graph, store, name, family) : leaf(name));
  switch (family) {
    case 'conv':
    case 'attention':
      return raw;
    case 'add':
      return adderWeight(raw, own, leaf, sharing, isShared);
    case 'shift': {
      const real = isShared ? realShiftWeight(raw, own, leaf, sharing) : ownShift(raw, sharing);
      return powerOfTwo(real, LOWEST_Q_EXPONENT, 0);
    }
  }
}

function readShared(graph: Graph, store: WeightStore, name: string, family: OperatorName): Tensor {
  const parameter = store.parameter(name);
  graph.readers.set(parameter, family);
  return graph.parameter(parameter);
}

function adderWeight(
  raw: Tensor,
  own: string,
  leaf: (name: string) => Tensor,
  sharing: SharingConfig,
  isShared: boolean,
): Tensor {
  switch (sharing.transformation) {
    case 'affine':
    case 'monotone': {
      const { kind, initial, offset } = sharing.adder;
      // scaledOffset standardises what it is given: the spread is the scale's alone, whatever shape the slopes make
      const shaped =
        sharing.transformation === 'monotone' ? monotone(standardise(raw), leaf(`${own}.slopes`)) : raw;
      if (kind === 'fixed') return scaledOffset(shaped, initial, offset);
      return scaledOffset(shaped, exp(leaf(`${own}.scale`)), leaf(`${own}.offset`));
    }
    case 'released':
      return isShared ? piecewise(raw, leaf(`${own}.slopes`), { closed: false }) : raw;
    case 'none':
      return raw;
  }
}

/** The real-valued weight a shift family rounds: standardised to Kaiming's spread, so that W may drift. */
function realShiftWeight(
  raw: Tensor,
  own: string,
  leaf: (name: string) => Tensor,
  sharing: SharingConfig,
): Tensor {
  switch (sharing.transformation) {
    case 'affine':
    case 'monotone':
      return kaimingStandardised(raw);
    case 'released':
      return piecewise(raw, leaf(`${own}.slopes`), { closed: false });
    case 'none':
      return raw;
  }
}

function ownShift(raw: Tensor, sharing: SharingConfig): Tensor {
  const { transformation } = sharing;
  return transformation === 'affine' || transformation === 'monotone' ? kaimingStandardised(raw) : raw;
}

/** Band of signs that mean zero in the released supernets that share (spec 4.2). */
const RELEASED_THRESHOLD = 0.3;

/**
 * The PS weight of the released supernets (spec 4.2, 5.3), code-exact: where W is shared the exponent is T(W), and in
 * the fourth supernet so is the sign, with W a constant: only slopes learn. A sign tensor is made ternary in its place
 * at every training step. Alone, as retrained, it is rounded and stays what it is.
 */
function releasedShift(
  graph: Graph,
  store: WeightStore,
  sharing: SharingConfig,
  name: string,
  own: string,
  isShared: boolean,
): Tensor {
  const leaf = (parameterName: string) => graph.parameter(store.parameter(parameterName));
  const transformed = (slopes: string) => {
    const { value, shape } = store.parameter(name);
    return piecewise(graph.constant(value, shape), leaf(slopes), { closed: false });
  };
  const exponent = isShared ? transformed(`${own}.slopes`) : leaf(`${own}.exponent`);
  const inSupernet = shares(sharing, 'shift');
  const threshold = inSupernet ? RELEASED_THRESHOLD : 0.5;
  if (isShared && sharing.shift === 'PS-released-v4') {
    const sign = transformed(`${own}.sign-slopes`);
    return shiftWeight(exponent, sign, { lowest: LOWEST_PS_EXPONENT, threshold });
  }
  const { value, shape } = store.parameter(`${own}.sign`);
  if (inSupernet && graph.recording) {
    store.backend.unary('ternary', value, value, sizeOf(shape), threshold);
  }
  return shiftWeight(exponent, leaf(`${own}.sign`), { lowest: LOWEST_PS_EXPONENT, threshold });
}

/** log2 |v|, for a PS weight whose exponent follows the shared tensor and whose sign is its own (spec 5.3, v5). */
function exponentOf(real: Tensor): Tensor {
  return scale(log(clamp(abs(real), 2 ** LOWEST_PS_EXPONENT, 1)), 1 / Math.LN2, 0);
}
