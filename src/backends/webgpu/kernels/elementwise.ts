/**
 * Element-wise programs: functions of one argument with their derivatives, functions of two with broadcast, fills,
 * sums in place. A function is one record of two expressions; `v` is x, `y` is f(x), `p.p` and `p.q` its parameters.
 * Everything a comparison turns on is exact: bounds are rounded by the CPU to the float32 on the right side.
 */
import type { BINARY, UNARY } from '../../abi.ts';
import type { BinaryOp, Broadcast, Buffer, UnaryOp } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, programs } from '../program.ts';
import { threads } from './grid.ts';

interface Function1 {
  readonly value: string;
  readonly derivative: string;
  /** What the value's and the derivative's expressions find in p.p, p.q and p.r; p and q as they are, if absent. */
  readonly parameters?: (p: number, q: number, derivative: boolean) => readonly number[];
}

const STRAIGHT = '1.0';

/** The largest float32 that is not above a number, and the smallest that is not below. */
const below = (x: number): number => (Math.fround(x) <= x ? Math.fround(x) : neighbour(Math.fround(x), -1));
const above = (x: number): number => (Math.fround(x) >= x ? Math.fround(x) : neighbour(Math.fround(x), 1));

function neighbour(x: number, direction: 1 | -1): number {
  const bits = new Int32Array(new Float32Array([x]).buffer);
  bits[0] += x > 0 ? direction : -direction;
  return new Float32Array(bits.buffer)[0];
}

const GELU = 'tangent(0.797884561 * (v + 0.044715 * v * v * v))';

const FUNCTIONS: Readonly<Record<UnaryOp, Function1>> = {
  copy: { value: 'v', derivative: '1.0' },
  negate: { value: '-v', derivative: '-1.0' },
  relu: { value: 'select(v, 0.0, v < 0.0)', derivative: 'select(0.0, 1.0, v > 0.0)' },
  silu: {
    value: 'v * sigmoid(v)',
    derivative: 'sigmoid(v) * (1.0 + v * (1.0 - sigmoid(v)))',
  },
  gelu: {
    value: `0.5 * v * (1.0 + ${GELU})`,
    derivative: 'geluSlope(v)',
  },
  sigmoid: { value: 'sigmoid(v)', derivative: 'y * (1.0 - y)' },
  tanh: { value: 'tangent(v)', derivative: '1.0 - y * y' },
  exp: { value: 'exponential(v)', derivative: 'y' },
  log: { value: 'logarithm(v)', derivative: '1.0 / v' },
  sqrt: { value: 'sqrt(v)', derivative: '0.5 / y' },
  square: { value: 'v * v', derivative: '2.0 * v' },
  abs: { value: 'abs(v)', derivative: 'sign(v)' },
  reciprocal: { value: '1.0 / v', derivative: '-y * y' },
  affine: { value: 'p.p * v + p.q', derivative: 'p.p' },
  clamp: {
    value: 'select(select(v, p.q, v > p.q), p.p, v < p.p)',
    derivative: 'select(0.0, 1.0, v >= p.p && v <= p.q)',
    parameters: (p, q, derivative) => (derivative ? [above(p), below(q)] : [p, q]),
  },
  round: { value: 'roundHalfAway(v)', derivative: STRAIGHT },
  floor: { value: 'floor(v)', derivative: STRAIGHT },
  ternary: {
    value: 'select(select(0.0, -1.0, v < -p.p), 1.0, v > p.p)',
    derivative: STRAIGHT,
    parameters: (p) => [below(p), 0],
  },
  exp2: { value: 'exponential2(v)', derivative: '0.693147181 * y' },
  powerOfTwo: {
    value: 'powerOfTwo(v, p.p, p.q)',
    derivative: STRAIGHT,
    parameters: (p, q) => [2 ** p, 2 ** q],
  },
  fixedPoint: {
    value: 'select(clamp(floor(v * p.p) / p.p, p.q, p.r), v, isNaN(v))',
    derivative: STRAIGHT,
    parameters: (p, q) => {
      const limit = 2 ** (p + q - 1);
      return [2 ** p, -limit / 2 ** p, (limit - 1) / 2 ** p];
    },
  },
} satisfies Record<keyof typeof UNARY, Function1>;

const HELPERS: readonly (readonly [name: string, code: string])[] = [
  [
    'geluSlope',
    // 1 - tanh^2 = 4 e / (1 + e)^2, which does not cancel where tanh is close to 1.
    `fn geluSlope(v: f32) -> f32 {
  let u = 0.797884561 * (v + 0.044715 * v * v * v);
  let e = exponential(-2.0 * abs(u));
  let squared = 4.0 * e / ((1.0 + e) * (1.0 + e));
  return 0.5 * (1.0 + tangent(u)) + 0.5 * v * squared * 0.797884561 * (1.0 + 0.134145 * v * v);
}`,
  ],
  [
    'roundHalfAway',
    // The distance to the whole number is exact; adding a half to x is not.
    `fn roundHalfAway(v: f32) -> f32 {
  let whole = trunc(v);
  return select(whole, whole + sign(v), abs(v - whole) >= 0.5);
}`,
  ],
  [
    'exponential2',
    `fn exponential2(v: f32) -> f32 {
  if (isNaN(v)) { return v; }
  let n = floor(clamp(v, -300.0, 300.0) + 0.5);
  let half = i32(n) / 2;
  return exponential((v - n) * 0.693147181) * powerOf2(half) * powerOf2(i32(n) - half);
}`,
  ],
  [
    'powerOfTwo',
    // log2 is rounded at sqrt(2) times a power of two, which lies between two float32.
    `fn powerOfTwo(v: f32, low: f32, high: f32) -> f32 {
  if (isNaN(v)) { return v; }
  let bits = bitcast<u32>(clamp(abs(v), low, high));
  let exponent = (bits >> 23u) + select(0u, 1u, (bits & 0x007fffffu) > 0x003504f3u);
  return sign(v) * bitcast<f32>(exponent << 23u);
}`,
  ],
];

function helpersFor(expression: string): string {
  return HELPERS.filter(([name]) => expression.includes(`${name}(`))
    .map(([, code]) => code)
    .join('\n');
}

const PARAMS = ['u32 length', 'f32 p', 'f32 q', 'f32 r'];

const valueProgram = programs((op: UnaryOp) => ({
  name: `unary ${op}`,
  buffers: ['read x', 'write y'],
  params: PARAMS,
  code: helpersFor(FUNCTIONS[op].value) + each('length', `let v = x[i]; y[i] = ${FUNCTIONS[op].value};`),
}));

const derivativeProgram = programs((op: UnaryOp) => ({
  name: `unaryGradient ${op}`,
  buffers: ['read x', 'read f', 'read dy', 'write dx'],
  params: PARAMS,
  code:
    helpersFor(FUNCTIONS[op].derivative) +
    each('length', `let v = x[i]; let y = f[i]; dx[i] = (${FUNCTIONS[op].derivative}) * dy[i];`),
}));

function numbers(op: UnaryOp, length: number, p: number, q: number, derivative: boolean): readonly number[] {
  const { parameters } = FUNCTIONS[op];
  return [length, ...(parameters === undefined ? [p, q] : parameters(p, q, derivative))];
}

export function unary(gpu: Launcher, op: UnaryOp, x: Buffer, y: Buffer, length: number, p = 0, q = 0): void {
  gpu.launch(valueProgram(op), [x, y], numbers(op, length, p, q, false), ...threads(length));
}

export function unaryGradient(
  gpu: Launcher,
  op: UnaryOp,
  x: Buffer,
  y: Buffer,
  dy: Buffer,
  dx: Buffer,
  length: number,
  p = 0,
  q = 0,
): void {
  const values = numbers(op, length, p, q, true);
  gpu.launch(derivativeProgram(op), [x, y, dy, dx], values, ...threads(length));
}

const EXPRESSION: Readonly<Record<BinaryOp, string>> = {
  add: 'u + v',
  subtract: 'u - v',
  multiply: 'u * v',
  divide: 'u / v',
  maximum: 'select(select(v, u, u > v), u + v, isNaN(u) || isNaN(v))',
  minimum: 'select(select(v, u, u < v), u + v, isNaN(u) || isNaN(v))',
} satisfies Record<keyof typeof BINARY, string>;

const PLACE: Readonly<Record<Broadcast, string>> = {
  same: 'i',
  row: 'i % p.inner',
  column: 'i / p.inner',
  scalar: '0',
};

const binaryProgram = programs((op: BinaryOp, broadcast: Broadcast) => ({
  name: `binary ${op} ${broadcast}`,
  buffers: ['read a', 'read b', 'write y'],
  params: ['u32 length', 'u32 inner'],
  code: each('length', `let u = a[i]; let v = b[${PLACE[broadcast]}]; y[i] = ${EXPRESSION[op]};`),
}));

export function binary(
  gpu: Launcher,
  op: BinaryOp,
  a: Buffer,
  b: Buffer,
  y: Buffer,
  outer: number,
  inner: number,
  broadcast: Broadcast,
): void {
  const length = outer * inner;
  gpu.launch(binaryProgram(op, broadcast), [a, b, y], [length, inner], ...threads(length));
}

const AXPY = {
  name: 'axpy',
  buffers: ['read x', 'write y'],
  params: ['u32 length', 'f32 alpha'],
  code: each('length', 'y[i] += p.alpha * x[i];'),
};

export function axpy(gpu: Launcher, x: Buffer, y: Buffer, length: number, alpha: number): void {
  gpu.launch(AXPY, [x, y], [length, alpha], ...threads(length));
}

const FILL = {
  name: 'fill',
  buffers: ['write y'],
  params: ['u32 length', 'f32 value'],
  code: each('length', 'y[i] = p.value;'),
};

export function fill(gpu: Launcher, y: Buffer, value: number): void {
  gpu.launch(FILL, [y], [y.length, value], ...threads(y.length));
}
