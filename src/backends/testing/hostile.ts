/**
 * A call broken in one place: a size that is none or far too large, a buffer that is missing, freed, short, of the
 * wrong type or of another backend, an option that does not exist.
 */
import type { Random } from '../../core/random.ts';
import type { Backend, Buffer } from '../backend.ts';
import { Stage } from '../conformance/case.ts';
import { type Argument, type Call, type Field, launch, show, Tensor } from './calls.ts';

const NO_SIZES = [-1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 2 ** 63, 1e300];
/** Sizes that there are, but not for the buffers of the call. */
const LARGE_SIZES = [2 ** 31 - 1, 2 ** 30, 2 ** 20 + 1, 70_001];
const NO_OPTIONS = ['', 'nonsense', 'toString', '__proto__'];
const BROKEN_BUFFERS = ['null', 'undefined', 'freed', 'short', 'wrong type', 'foreign'] as const;

export interface Broken {
  /** What was done, for people. */
  readonly name: string;
  /** Every backend must refuse it; otherwise it may also be carried out. */
  readonly refused: boolean;
  run(backend: Backend, foreign: Backend): void;
}

/** One of the ways to break a call; every kernel has a buffer, so there is one. */
export function broken(call: Call, random: Random): Broken {
  const ways = call.arguments.flatMap((argument, at) => waysOf(call, argument, at));
  const { name, refused, at, replace } = ways[random.integer(ways.length)](random);
  return {
    name: `${call.kernel}(${call.arguments.map(show).join(', ')}) with argument ${at} ${name}`,
    refused,
    run(backend, foreign) {
      const scope = backend.openScope();
      try {
        const stage = new Stage(backend, name);
        const given: unknown[] = call.arguments.map((argument) =>
          argument instanceof Tensor ? argument.on(stage) : argument,
        );
        given[at] = replace(given[at], backend, foreign);
        launch(backend, call.kernel, given);
      } finally {
        scope.close();
      }
    },
  };
}

interface Way {
  readonly name: string;
  readonly refused: boolean;
  readonly at: number;
  replace(given: unknown, backend: Backend, foreign: Backend): unknown;
}

function waysOf(call: Call, argument: Argument, at: number): ((random: Random) => Way)[] {
  if (argument === null || typeof argument === 'boolean') return [];
  if (argument instanceof Tensor) return [(random) => brokenBuffer(argument, at, random)];
  if (typeof argument !== 'object') {
    return [(random) => brokenField(call, argument, random, at, '', (_, value) => value)];
  }
  return Object.entries(argument)
    .filter(([, field]) => typeof field !== 'boolean')
    .map(([key, field]) => {
      const put = (given: unknown, value: unknown): unknown => {
        const copy = (Array.isArray(given) ? [...given] : { ...(given as object) }) as Record<
          string,
          unknown
        >;
        copy[key] = value;
        return copy;
      };
      return (random: Random) => brokenField(call, field as Field, random, at, `.${key}`, put);
    });
}

function brokenBuffer(tensor: Tensor, at: number, random: Random): Way {
  const how = BROKEN_BUFFERS[random.integer(BROKEN_BUFFERS.length)];
  const type = tensor.kind === 'index' || tensor.kind === 'undefinedIndex' ? 'int32' : 'float32';
  return {
    name: how,
    // Where null may stand, it is one way to call; nothing is shorter than empty.
    refused: how === 'short' ? tensor.length > 0 && !tensor.anyLength : how !== 'null' || !tensor.optional,
    at,
    replace(given, backend, foreign) {
      switch (how) {
        case 'null':
          return null;
        case 'undefined':
          return undefined;
        case 'freed':
          backend.free(given as Buffer);
          return given;
        case 'short':
          return backend.allocate(Math.max(0, tensor.length - 1), type);
        case 'wrong type':
          return backend.allocate(tensor.length, type === 'int32' ? 'float32' : 'int32');
        case 'foreign':
          return foreign.allocate(tensor.length, type);
      }
    },
  };
}

function brokenField(
  call: Call,
  field: Field,
  random: Random,
  at: number,
  place: string,
  put: (given: unknown, value: unknown) => unknown,
): Way {
  const way = (value: unknown, refused: boolean): Way => ({
    name: `${place} ${String(value)}`,
    refused,
    at,
    replace: (given) => put(given, value),
  });
  if (typeof field === 'string') return way(NO_OPTIONS[random.integer(NO_OPTIONS.length)], true);
  const large = random.boolean(0.3) && !hasZero(call);
  const values = large ? LARGE_SIZES : NO_SIZES;
  return way(values[random.integer(values.length)], !large && isSize(call, field, at, place));
}

/** Rates and factors of the drawn calls are fractions; whole numbers are sizes, but for a few. */
function isSize(call: Call, field: Field, at: number, place: string): boolean {
  if (!Number.isInteger(field) || call.kernel === 'random' || call.kernel === 'unary') return false;
  if (call.kernel === 'unaryGradient') return at < 6;
  if (call.kernel === 'dropout') return at < 3;
  if (call.kernel === 'labelCrossEntropy') return at < 7;
  if (place === '.drop' || place === '.left' || isKey(call, at)) return false;
  return !(call.kernel === 'softmaxForward' && at === 5 && call.arguments[1] === null);
}

/** The key of dropped attention weights. */
const isKey = (call: Call, at: number): boolean =>
  call.kernel.startsWith('attention') && at === call.arguments.length - 1;

/** An empty tensor may have other sizes as large as it likes: nothing to refuse, but long to walk over. */
function hasZero(call: Call): boolean {
  const zero = (field: unknown): boolean =>
    field === 0 || (typeof field === 'object' && field !== null && Object.values(field).includes(0));
  return call.arguments.some((argument) =>
    argument instanceof Tensor ? argument.length === 0 : zero(argument),
  );
}
