/** Element-wise functions of the backend as standard operators, one entry each. */
import type { UnaryOp } from '../../backends/backend.ts';
import { internal } from '../../core/errors.ts';
import { type NodeOptions, type OnnxGraph, PART } from './graph.ts';

/** What a function is given: its input, its name, and the parameters the backend contract names. */
interface Application {
  readonly graph: OnnxGraph;
  readonly name: string;
  readonly x: string;
  readonly p: number;
  readonly q: number;
}

type Writer = (application: Application) => string;

const alone =
  (operator: string, options: NodeOptions = {}): Writer =>
  ({ graph, name, x }) =>
    graph.node(operator, name, [x], options);

/** Of weights alone: computed before anything is written. */
const constantOnly: Writer = ({ name }) => internal(`${name} is a function of weights, but was given images`);

export const UNARY: Readonly<Record<UnaryOp, Writer>> = {
  copy: ({ x }) => x,
  negate: alone('Neg'),
  relu: alone('Relu'),
  silu: ({ graph, name, x }) =>
    graph.node('Mul', name, [x, graph.node('Sigmoid', `${name}.sigmoid`, [x], { metadata: PART })]),
  gelu: alone('Gelu', { attributes: { approximate: 'tanh' } }),
  sigmoid: alone('Sigmoid'),
  tanh: alone('Tanh'),
  exp: alone('Exp'),
  log: alone('Log'),
  sqrt: alone('Sqrt'),
  square: ({ graph, name, x }) => graph.node('Mul', name, [x, x]),
  abs: alone('Abs'),
  reciprocal: alone('Reciprocal'),
  affine: ({ graph, name, x, p, q }) => {
    const scaled = p === 1 ? x : graph.node('Mul', `${name}.scale`, [x, graph.scalar(p)]);
    return q === 0 ? scaled : graph.node('Add', `${name}.offset`, [scaled, graph.scalar(q)]);
  },
  clamp: ({ graph, name, x, p, q }) => graph.node('Clip', name, [x, graph.scalar(p), graph.scalar(q)]),
  // ONNX rounds halves to even, the backend away from zero
  round: ({ graph, name, x }) => {
    const half = graph.node('Add', `${name}.half`, [
      graph.node('Abs', `${name}.abs`, [x]),
      graph.scalar(0.5),
    ]);
    const sign = graph.node('Sign', `${name}.sign`, [x]);
    return graph.node('Mul', name, [sign, graph.node('Floor', `${name}.floor`, [half])]);
  },
  floor: alone('Floor'),
  ternary: constantOnly,
  exp2: ({ graph, name, x }) => graph.node('Pow', name, [graph.scalar(2), x]),
  powerOfTwo: constantOnly,
  // p fractional bits and q integer ones; shifting by p bits is exact, so only the floor rounds
  fixedPoint: ({ graph, name, x, p, q }) => {
    const metadata = PART;
    const steps = graph.node('Mul', `${name}.steps`, [x, graph.scalar(2 ** p)], { metadata });
    const whole = graph.node('Floor', `${name}.floor`, [steps], { metadata });
    const value = graph.node('Mul', `${name}.value`, [whole, graph.scalar(2 ** -p)], { metadata });
    const limit = 2 ** (q - 1);
    return graph.node('Clip', name, [value, graph.scalar(-limit), graph.scalar(limit - 2 ** -p)], {
      metadata,
    });
  },
};
