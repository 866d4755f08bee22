import { expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { gated } from './gate.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { Graph } from './graph.ts';

const backend = createReference();

test.each([
  ['several images and positions', [3, 2, 4, 5]],
  ['one image', [1, 3, 2, 4]],
  ['one position', [3, 1, 1, 4]],
  ['one channel', [2, 3, 2, 1]],
])('a factor for every channel of every image, and its gradients: %s', async (_, shape) => {
  const [n, h, w, c] = shape;
  const [x, gate] = [draw('x', shape), draw('gate', [n, c])];
  const { y, dy, gradients } = await tapeGradients(backend, [x, gate], ([a, b]) => gated(a, b));
  const [dx, dgate] = [new Float32Array(n * h * w * c), new Float32Array(n * c)];
  for (let i = 0; i < n * h * w * c; i++) {
    const at = Math.floor(i / (h * w * c)) * c + (i % c);
    expect(y[i]).toBeCloseTo(x.data[i] * gate.data[at], 6);
    dx[i] = dy[i] * gate.data[at];
    dgate[at] += dy[i] * x.data[i];
  }
  gradients[0]!.forEach((value, i) => {
    expect(value).toBeCloseTo(dx[i], 6);
  });
  gradients[1]!.forEach((value, i) => {
    expect(value).toBeCloseTo(dgate[i], 5);
  });
  expect(await gradientError(backend, [x, gate], ([a, b]) => gated(a, b))).toBeLessThan(1e-3);
});

test('a gate of another size is refused', () => {
  const graph = new Graph(backend, { training: false });
  const [x, gate] = [graph.values(new Float32Array(24), [2, 2, 2, 3]), graph.values([1, 1, 1], [1, 3])];
  expect(() => gated(x, gate)).toThrow(/a gate for \[2, 2, 2, 3\] must have a factor/);
  graph.close();
});
