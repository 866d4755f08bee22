import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { add, multiply, subtract } from './arithmetic.ts';
import { Graph, type Parameter, PLAIN, type Tensor } from './graph.ts';
import { sum } from './reduce.ts';
import { reshape } from './reshape.ts';
import { relu, square } from './unary.ts';

const backend = createReference();

function parameter(name: string, values: number[]): Parameter {
  const value = backend.allocate(values.length);
  backend.write(value, values);
  return { name, shape: [values.length], value, traits: PLAIN };
}

const a = parameter('a', [1, 2, 3]);
const b = parameter('b', [4, 5, 6]);

async function gradientOf(graph: Graph, of: Parameter): Promise<number[]> {
  return [...(await backend.read(graph.gradient(of)!))];
}

describe('backward', () => {
  test('sums over every way a tensor is used, however gradients are shared', async () => {
    const graph = new Graph(backend, { training: true });
    const [x, y] = [graph.parameter(a), graph.parameter(b)];
    // d/dx of sum((x + y) + (x + y) - x + 3 views of x) = 2 - 1 + 3
    const s = add(x, y);
    let total = subtract(add(s, s), x);
    for (let i = 0; i < 3; i++) total = add(total, reshape(x, [3]));
    graph.backward(sum(total));
    expect(await gradientOf(graph, a)).toEqual([4, 4, 4]);
    expect(await gradientOf(graph, b)).toEqual([2, 2, 2]);
    graph.close();
  });

  test('wants a scalar', () => {
    const graph = new Graph(backend, { training: true });
    expect(() => graph.backward(graph.parameter(a))).toThrow('[3]');
    graph.close();
  });

  test('names only the parameters a gradient reached', () => {
    const graph = new Graph(backend, { training: true });
    graph.parameter(b);
    graph.backward(sum(square(graph.parameter(a))));
    expect([...graph.trained()].map(([{ name }]) => name)).toEqual(['a']);
    expect(graph.gradient(b)).toBeUndefined();
    graph.close();
  });

  test('frees gradients as it goes: a deep chain needs few of them at a time', () => {
    const own = createReference();
    const graph = new Graph(own, { training: true });
    const value = own.allocate(4096);
    own.fill(value, 1);
    let y: Tensor = graph.parameter({ name: 'x', shape: [4096], value, traits: PLAIN });
    for (let i = 0; i < 40; i++) y = relu(y);
    const loss = sum(y);
    const before = own.memory().used;
    graph.backward(loss);
    expect(own.memory().peak).toBeLessThan(before + 5 * 4096 * 4);
    expect(own.memory().used).toBeLessThan(before + 2 * 4096 * 4);
    graph.close();
    own.dispose();
  });
});

test('a closed graph gives all its memory back', () => {
  const before = backend.memory().used;
  const graph = new Graph(backend, { training: true });
  graph.backward(sum(multiply(graph.parameter(a), square(graph.parameter(b)))));
  graph.close();
  expect(backend.memory().used).toBe(before);
});

test('a graph that does not record keeps no tape and wants no gradients', () => {
  const graph = new Graph(backend, { training: false });
  const y = square(graph.parameter(a));
  expect(y.needsGradient).toBe(false);
  graph.backward(sum(y));
  expect([...graph.trained()]).toEqual([]);
  graph.close();
});

test('a parameter is one leaf, and a kept tensor outlives the graph', async () => {
  const graph = new Graph(backend, { training: false });
  expect(graph.parameter(a)).toBe(graph.parameter(a));
  const kept = graph.keep(square(graph.parameter(a)));
  graph.close();
  expect([...(await backend.read(kept))]).toEqual([1, 4, 9]);
  backend.free(kept);
});
