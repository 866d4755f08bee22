/**
 * What a layer computes, without weights: enough to price it on any accelerator. Sizes follow the loop nest of
 * Eyeriss as the released model names it (spec 8.3): batch n, input h x w x c, window r x s, output e x f x m.
 * A fully connected layer has h = w = e = f = r = s = 1 and rows (tokens) in n; a matrix product is one with
 * n = heads * rows.
 */
export type WorkloadKind = 'conv' | 'add' | 'shift' | 'linear' | 'matmul' | 'vector';

export interface Workload {
  /** Where it stands in the network: `layer3.conv2`. */
  readonly name: string;
  readonly kind: WorkloadKind;
  /** Operator family it belongs to, for reports: conv, attention, add, shift, stem, head, norm ... */
  readonly family: string;
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly r: number;
  readonly s: number;
  readonly m: number;
  readonly e: number;
  readonly f: number;
  readonly stride: number;
  /** 1 dense; c depthwise (then m === c). */
  readonly groups: number;
  /** Trainable weights of the layer (a matrix product of two activations has none). */
  readonly weights: number;
  /**
   * kind 'vector' only (normalisation, activation, softmax, squeeze-excite scaling, residual additions): element
   * operations per output element, and how many further tensors of the output's size are fetched from DRAM for it
   * (a residual addition: 1). The released model does not count these.
   */
  readonly vector?: {
    readonly multiplications: number;
    readonly additions: number;
    readonly operands?: number;
  };
  /**
   * Parts of the lightweight 1-d filter block of the translation networks (spec 7.2), which the released simulator
   * prices in a way of its own: the filter itself; the linear layers before and behind it; these two of a shift-add
   * block; and the shift layer that such a block has before its filter.
   */
  readonly role?: 'lightweight-filter' | 'lightweight-linear' | 'shift-add-linear' | 'shift-add-shift';
  /** Heads that share a lightweight filter (role 'lightweight-filter'). */
  readonly heads?: number;
}

/** Counts of arithmetic, multiply-accumulates split into their parts (spec 13.7). */
export interface Operations {
  readonly multiplications: number;
  readonly additions: number;
  readonly shifts: number;
}

/** Multiply-accumulates (or shift- or difference-accumulates) of a workload; 0 for vector work. */
export function accumulates(load: Workload): number {
  if (load.kind === 'vector') return 0;
  return (load.n * load.e * load.f * load.m * load.r * load.s * load.c) / load.groups;
}
