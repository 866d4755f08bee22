import type { OnnxTensor } from './model.ts';
import { fault, type OnnxOperator, type Operands } from './operators.ts';

/** Operators that only move or describe data: no arithmetic, but later sizes depend on them. */
const size = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
const within = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

function tensor({ node, inputs }: Operands, i: number): OnnxTensor {
  const found = inputs[i];
  return found ?? fault(node, `input ${i + 1} is missing`);
}

/** A short row of whole numbers that sizes depend on: an input of the node, or an attribute in older files. */
function numbers(operands: Operands, i: number, attribute: string): readonly number[] | undefined {
  const given = operands.node.attributes.get(attribute)?.integers;
  return operands.inputs[i]?.values ?? (given && given.length > 0 ? given : undefined);
}

const int = ({ node }: Operands, name: string, otherwise: number) =>
  node.attributes.get(name)?.integer ?? otherwise;

const reshaped = ({ values }: OnnxTensor, shape: readonly number[]) => ({
  outputs: [values === undefined ? { shape } : { shape, values }],
});

const reshape: OnnxOperator = (operands) => {
  const x = tensor(operands, 0);
  const wanted =
    numbers(operands, 1, 'shape') ?? fault(operands.node, 'its new sizes are computed at run time');
  const sizes = wanted.map((extent, i) => (extent === 0 ? x.shape[i] : extent));
  const rest = size(sizes.filter((extent) => extent > 0));
  const shape = sizes.map((extent) => (extent < 0 ? size(x.shape) / rest : extent));
  if (size(shape) !== size(x.shape)) fault(operands.node, `[${x.shape}] cannot become [${wanted}]`);
  return reshaped(x, shape);
};

const flatten: OnnxOperator = (operands) => {
  const x = tensor(operands, 0);
  const axis = within(int(operands, 'axis', 1), x.shape.length);
  return reshaped(x, [size(x.shape.slice(0, axis)), size(x.shape.slice(axis))]);
};

const transpose: OnnxOperator = (operands) => {
  const { shape } = tensor(operands, 0);
  const order = numbers(operands, -1, 'perm') ?? shape.map((_, i) => shape.length - 1 - i);
  return { outputs: [{ shape: order.map((axis) => shape[axis]) }] };
};

const unsqueeze: OnnxOperator = (operands) => {
  const x = tensor(operands, 0);
  const axes = numbers(operands, 1, 'axes') ?? fault(operands.node, 'its axes are computed at run time');
  const rank = x.shape.length + axes.length;
  const places = axes.map((axis) => within(axis, rank));
  const left = [...x.shape];
  return reshaped(
    x,
    Array.from({ length: rank }, (_, i) => (places.includes(i) ? 1 : (left.shift() ?? 1))),
  );
};

const squeeze: OnnxOperator = (operands) => {
  const x = tensor(operands, 0);
  const axes = numbers(operands, 1, 'axes')?.map((axis) => within(axis, x.shape.length));
  return reshaped(
    x,
    x.shape.filter((extent, i) => (axes === undefined ? extent !== 1 : !axes.includes(i))),
  );
};

const concat: OnnxOperator = (operands) => {
  const parts = operands.inputs.map((_, i) => tensor(operands, i));
  const axis = within(int(operands, 'axis', 0), parts[0].shape.length);
  const total = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = parts[0].shape.map((extent, i) => (i === axis ? total : extent));
  const values = parts.flatMap((part) => part.values ?? []);
  return { outputs: [values.length === size(shape) ? { shape, values } : { shape }] };
};

const gather: OnnxOperator = (operands) => {
  const [x, index] = [tensor(operands, 0), tensor(operands, 1)];
  const axis = within(int(operands, 'axis', 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)];
  if (x.values === undefined || index.values === undefined || x.shape.length !== 1)
    return { outputs: [{ shape }] };
  const { values: from } = x;
  return { outputs: [{ shape, values: index.values.map((i) => from[within(i, from.length)]) }] };
};

const slice: OnnxOperator = (operands) => {
  const x = tensor(operands, 0);
  const unknown = () => fault(operands.node, 'its bounds are computed at run time');
  const starts = numbers(operands, 1, 'starts') ?? unknown();
  const ends = numbers(operands, 2, 'ends') ?? unknown();
  const axes = numbers(operands, 3, 'axes') ?? starts.map((_, i) => i);
  const steps = numbers(operands, 4, 'steps') ?? starts.map(() => 1);
  const shape = [...x.shape];
  let values = x.values;
  axes.forEach((axis, i) => {
    const at = within(axis, shape.length);
    const bound = (value: number) => Math.min(Math.max(value < 0 ? value + shape[at] : value, 0), shape[at]);
    const [from, to] = [bound(starts[i]), bound(ends[i])];
    if (values !== undefined && shape.length === 1) {
      values = values.slice(from, to).filter((_, k) => k % steps[i] === 0);
    }
    shape[at] = Math.max(0, Math.ceil((to - from) / Math.abs(steps[i])));
  });
  return { outputs: [values !== undefined && values.length === size(shape) ? { shape, values } : { shape }] };
};

const split: OnnxOperator = (operands) => {
  const { shape } = tensor(operands, 0);
  const axis = within(int(operands, 'axis', 0), shape.length);
  const count = operands.node.outputs.length;
  const parts = numbers(operands, 1, 'split') ?? Array(count).fill(Math.ceil(shape[axis] / count));
  return {
    outputs: parts.map((part) => ({ shape: shape.map((extent, i) => (i === axis ? part : extent)) })),
  };
};

const pad: OnnxOperator = (operands) => {
  const { shape } = tensor(operands, 0);
  const pads = numbers(operands, 1, 'pads') ?? fault(operands.node, 'its padding is computed at run time');
  return { outputs: [{ shape: shape.map((extent, i) => extent + pads[i] + pads[i + shape.length]) }] };
};

const expand: OnnxOperator = (operands) => {
  const { shape } = tensor(operands, 0);
  const wanted =
    numbers(operands, 1, 'shape') ?? fault(operands.node, 'its new sizes are computed at run time');
  const rank = Math.max(shape.length, wanted.length);
  const at = (sizes: readonly number[], i: number) => sizes[i - rank + sizes.length] ?? 1;
  return {
    outputs: [{ shape: Array.from({ length: rank }, (_, i) => Math.max(at(shape, i), at(wanted, i))) }],
  };
};

const copy: OnnxOperator = (operands) => ({ outputs: [tensor(operands, 0)] });

/** Values of a longer tensor are not sizes. */
const MOST = 64;

export const MOVING: Readonly<Record<string, OnnxOperator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Split: split,
  Pad: pad,
  Expand: expand,
  Shape: (operands) => {
    const { shape } = tensor(operands, 0);
    return { outputs: [{ shape: [shape.length], values: shape }] };
  },
  Identity: copy,
  Dropout: copy,
  Cast: copy,
  ConstantOfShape: (operands) => {
    const shape = tensor(operands, 0).values ?? fault(operands.node, 'its sizes are computed at run time');
    const value = operands.node.attributes.get('value')?.tensor?.values?.[0] ?? 0;
    return { outputs: [size(shape) <= MOST ? { shape, values: Array(size(shape)).fill(value) } : { shape }] };
  },
  Range: (operands) => {
    const [start, limit, delta] = [0, 1, 2].map((i) => tensor(operands, i).values?.[0]);
    if (start === undefined || limit === undefined || delta === undefined) {
      return fault(operands.node, 'its bounds are computed at run time');
    }
    const length = Math.max(0, Math.ceil((limit - start) / delta));
    const values = Array.from({ length: Math.min(length, MOST) }, (_, i) => start + i * delta);
    return { outputs: [length <= MOST ? { shape: [length], values } : { shape: [length] }] };
  },
  Tile: (operands) => {
    const { shape } = tensor(operands, 0);
    const times =
      numbers(operands, 1, 'repeats') ?? fault(operands.node, 'its repeats are computed at run time');
    return { outputs: [{ shape: shape.map((extent, i) => extent * times[i]) }] };
  },
  DepthToSpace: (operands) => {
    const [[n, c, h, w], by] = [tensor(operands, 0).shape, int(operands, 'blocksize', 1)];
    return { outputs: [{ shape: [n, c / (by * by), h * by, w * by] }] };
  },
  SpaceToDepth: (operands) => {
    const [[n, c, h, w], by] = [tensor(operands, 0).shape, int(operands, 'blocksize', 1)];
    return { outputs: [{ shape: [n, c * by * by, h / by, w / by] }] };
  },
  Constant: ({ node }) => {
    const { tensor: value, integer, integers } = { integers: [], ...node.attributes.values().next().value };
    if (value !== undefined) return { outputs: [value] };
    if (integers.length > 0) return { outputs: [{ shape: [integers.length], values: integers }] };
    return { outputs: [integer === undefined ? { shape: [] } : { shape: [], values: [integer] }] };
  },
};
