/** From the trace of a network to its folded form: see folded.ts. What the integer program has no word for is refused. */
import { internal, ShiftAddError } from '../../../core/errors.ts';
import {
  BATCH,
  type NormOperation,
  type Operation,
  type Program,
  type WindowOperation,
} from '../../program.ts';
import type { MapShape } from '../program.ts';
import type { Affine, Folded, FoldedLayer } from './folded.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Layer = Mutable<FoldedLayer>;

/** What a value of the trace is in the folded network: a value of it, or a step inside an attention. */
type Known = { readonly value: number } | AttentionStep;

interface AttentionStep {
  readonly step: 'parts' | 'q' | 'k' | 'v' | 'scores' | 'shares' | 'mixed';
  readonly q: number;
  readonly k: number;
  readonly v: number;
  readonly heads: number;
  readonly scale: number;
}

const PARTS = ['q', 'k', 'v'] as const;

const identity = (channels: number): Mutable<Affine> => ({
  gain: new Float32Array(channels).fill(1),
  bias: new Float32Array(channels),
  low: -Infinity,
  high: Infinity,
});

/** @throws ShiftAddError 'run' for a network with layers that the integer program does not have */
export function fold(program: Program): Folded {
  return new Folder(program).fold();
}

class Folder {
  private readonly program: Program;
  private readonly layers: Layer[] = [];
  private readonly shapes: MapShape[];
  private readonly known: Known[] = [{ value: 0 }];
  /** How many operations read each value of the trace. */
  private readonly reads: number[];

  constructor(program: Program) {
    this.program = program;
    const [, h, w, c] = program.input;
    this.shapes = [[h, w, c]];
    this.reads = program.shapes.map(() => 0);
    for (const operation of program.operations) {
      for (const x of operandsOf(operation)) this.reads[x]++;
    }
  }

  fold(): Folded {
    for (const operation of this.program.operations) this.known.push(this.step(operation));
    const { layers, shapes } = this;
    return { layers, shapes };
  }

  private step(operation: Operation): Known {
    switch (operation.kind) {
      case 'window':
        return this.window(operation);
      case 'batch-norm':
        return this.norm(operation);
      case 'pool': {
        const { name, pool, window } = operation;
        const { r, s, stride, pad, e, f, c } = window;
        const x = this.value(operation.x, name);
        const kind = pool === 'max' ? 'max-pool' : 'average-pool';
        return this.add({ kind, name, x, window: { r, s, stride, pad } }, [e, f, c]);
      }
      case 'matmul':
        return this.product(operation);
      case 'softmax': {
        const at = this.attention(operation.x, 'scores', operation.name);
        return { ...at, step: 'shares', scale: at.scale * operation.scale };
      }
      case 'permute':
        return this.permute(operation);
      case 'slice': {
        const at = this.attention(operation.x, 'parts', operation.name);
        return { ...at, step: PARTS[operation.start] };
      }
      case 'unary':
        return this.unary(operation);
      case 'binary':
        return this.binary(operation);
      case 'gate':
        return this.gate(operation.name, operation.x, operation.gate);
      default:
        return refuse(operation.name, `a ${operation.kind.replace('-', ' ')}`);
    }
  }

  private add(layer: Layer, shape: MapShape): Known {
    this.layers.push(layer);
    this.shapes.push(shape);
    return { value: this.layers.length };
  }

  private value(traced: number, name: string): number {
    const known = this.known[traced];
    return 'value' in known ? known.value : refuse(name, 'a step of attention read by another layer');
  }

  private attention(traced: number, step: AttentionStep['step'], name: string): AttentionStep {
    const known = this.known[traced];
    return 'step' in known && known.step === step
      ? known
      : refuse(name, 'an attention of a form it does not know');
  }

  private constant(name: string): Float32Array {
    return this.program.constants.get(name) ?? internal(`the trace has no constant ${name}`);
  }

  private window({ name, arithmetic, x, weight, window }: WindowOperation): Known {
    const { r, s, stride, pad, groups, e, f, m } = window;
    const sizes = { r, s, stride, pad, groups };
    const own = { kind: 'window', name, arithmetic, x: this.value(x, name) } as const;
    return this.add({ ...own, weight: this.constant(weight), window: sizes, ...identity(m) }, [e, f, m]);
  }

  /** The layer that wrote a traced value, if nobody but the operation at hand reads what it wrote. */
  private alone(traced: number, name: string): Layer & Mutable<Affine> {
    const layer = this.layers[this.value(traced, name) - 1];
    const affine = layer !== undefined && (layer.kind === 'window' || layer.kind === 'attention');
    if (!affine || this.reads[traced] !== 1 || layer.low !== -Infinity) {
      return refuse(name, 'a norm or bias that does not follow a layer of its own');
    }
    return layer;
  }

  private norm(operation: NormOperation): Known {
    const { name, x, epsilon, activation, residual } = operation;
    const [mean, variance, gamma, beta] = (['mean', 'variance', 'gamma', 'beta'] as const).map((role) =>
      this.constant(operation[role]),
    );
    const layer = this.alone(x, name);
    layer.gain.forEach((own, c) => {
      const factor = gamma[c] / Math.sqrt(variance[c] + epsilon);
      layer.gain[c] = own * factor;
      layer.bias[c] = (layer.bias[c] - mean[c]) * factor + beta[c];
    });
    const low = activation === 'relu' ? 0 : -Infinity;
    if (residual === null) {
      layer.low = low;
      return this.known[x];
    }
    return this.sum(name, this.value(x, name), this.value(residual, name), low);
  }

  private sum(name: string, a: number, b: number, low: number): Known {
    return this.add({ kind: 'sum', name, a, b, factor: 1, low, high: Infinity }, this.shapes[a]);
  }

  private product({ name, a, b, product }: Extract<Operation, { kind: 'matmul' }>): Known {
    if (typeof b === 'number') return this.attentionProduct(name, a, b);
    const x = this.value(a, name);
    const [h, w, c] = this.shapes[x];
    const { m, n, k, transposeA, transposeB } = product;
    if (m !== BATCH || k !== h * w * c || transposeA || transposeB) {
      return refuse(name, 'a matrix product that is no classifier');
    }
    const window = { r: h, s: w, stride: 1, pad: 0, groups: 1 };
    const affine = identity(n);
    affine.gain.fill(product.alpha);
    const own = { kind: 'window', name, arithmetic: 'conv', x, weight: this.constant(b), window } as const;
    return this.add({ ...own, ...affine }, [1, 1, n]);
  }

  private attentionProduct(name: string, a: number, b: number): Known {
    const left = this.known[a];
    if ('step' in left && left.step === 'q') {
      return { ...this.attention(b, 'k', name), step: 'scores' };
    }
    this.attention(b, 'v', name);
    return { ...this.attention(a, 'shares', name), step: 'mixed' };
  }

  private permute({ name, x, shape, axes }: Extract<Operation, { kind: 'permute' }>): Known {
    const known = this.known[x];
    if ('value' in known && shape.length === 5 && axes.join() === '2,0,3,1,4') {
      const [q, k, v] = this.split(known.value, x, name);
      return { step: 'parts', q, k, v, heads: shape[3], scale: 1 };
    }
    if (axes.join() !== '0,2,1,3') return refuse(name, 'another order of axes');
    const { q, k, v, heads, scale } = this.attention(x, 'mixed', name);
    const own = `attention of ${this.layers[v - 1].name}`;
    const map = this.shapes[v];
    return this.add({ kind: 'attention', name: own, q, k, v, heads, scale, ...identity(map[2]) }, map);
  }

  /** The layer that computes queries, keys and values side by side as one for each. */
  private split(qkv: number, traced: number, name: string): number[] {
    const layer = this.layers[qkv - 1];
    if (layer?.kind !== 'window' || qkv !== this.layers.length || this.reads[traced] !== 1) {
      return refuse(name, 'queries, keys and values that do not come from one layer');
    }
    this.layers.pop();
    const [h, w, m] = this.shapes.pop()!;
    const width = m / 3;
    return PARTS.map((part, i) => {
      const own = (values: Float32Array) => values.slice(i * width, (i + 1) * width);
      const weight = layer.weight.filter((_, at) => Math.floor((at % m) / width) === i);
      const affine = { gain: own(layer.gain), bias: own(layer.bias) };
      const known = this.add({ ...layer, name: `${layer.name}.${part}`, weight, ...affine }, [h, w, width]);
      return 'value' in known ? known.value : internal('a layer gives a value');
    });
  }

  private unary({ name, op, x, p, q }: Extract<Operation, { kind: 'unary' }>): Known {
    if (op === 'fixedPoint' || op === 'copy') return this.known[x];
    const layer = this.layers[this.value(x, name) - 1];
    const bounded = layer !== undefined && 'low' in layer && this.reads[x] === 1;
    if (bounded && layer.low === -Infinity && (op === 'relu' || (op === 'clamp' && p === 0))) {
      layer.low = 0;
      layer.high = op === 'clamp' ? q : Infinity;
      return this.known[x];
    }
    if (bounded && layer.kind === 'sum' && op === 'affine' && q === 0) {
      layer.factor *= p;
      return this.known[x];
    }
    if (op === 'silu' || op === 'sigmoid') {
      const from = this.value(x, name);
      return this.add(
        { kind: 'lookup', name: `${op} of ${this.nameOf(from)}`, x: from, op },
        this.shapes[from],
      );
    }
    return refuse(name, `the function ${op}`);
  }

  private gate(name: string, x: number, factors: number): Known {
    const [from, gate] = [this.value(x, name), this.value(factors, name)];
    return this.add({ kind: 'gate', name: `gate of ${this.nameOf(from)}`, x: from, gate }, this.shapes[from]);
  }

  /** Of the layer that wrote a value. */
  private nameOf(value: number): string {
    return this.layers[value - 1]?.name ?? 'the image';
  }

  private binary({ name, op, a, b, broadcast, inner }: Extract<Operation, { kind: 'binary' }>): Known {
    // squeeze-excite on maps of one position
    if (op === 'multiply' && typeof b === 'number') return this.gate(name, a, b);
    if (op !== 'add') return refuse(name, `an element-wise ${op}`);
    if (typeof b === 'number') return this.sum(name, this.value(a, name), this.value(b, name), -Infinity);
    const layer = this.alone(a, name);
    const bias = this.constant(b);
    if (broadcast !== 'row' || inner !== layer.bias.length) return refuse(name, 'a bias for each position');
    bias.forEach((value, c) => {
      layer.bias[c] += value;
    });
    return this.known[a];
  }
}

function operandsOf(operation: Operation): number[] {
  switch (operation.kind) {
    case 'matmul':
    case 'binary':
      return [operation.a, operation.b].filter((x) => typeof x === 'number');
    case 'gate':
      return [operation.x, operation.gate];
    case 'batch-norm':
      return operation.residual === null ? [operation.x] : [operation.x, operation.residual];
    default:
      return [operation.x];
  }
}

function refuse(name: string, what: string): never {
  throw new ShiftAddError(
    'run',
    `the integer program has no word for ${what} (at ${name}): it holds convolution, shift, adder and attention layers with batch norms, ReLU, SiLU, squeeze-excite and pools; docs/integer.md lists them`,
    { name },
  );
}
