import { describe, expect, test } from 'vitest';
import type { Buffer } from '../backends/backend.ts';
import { createReference } from '../backends/reference/reference.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { Graph } from './graph.ts';
import { labelCrossEntropy } from './label-loss.ts';
import { crossEntropy } from './loss.ts';
import { sum } from './reduce.ts';
import { scale } from './unary.ts';

const backend = createReference();
const logits = draw('logits', [4, 5], -3, 3);
const LABELS = [2, -1, 0, 4];

function labels(): Buffer {
  const buffer = backend.allocate(4, 'int32');
  backend.write(buffer, LABELS);
  return buffer;
}

describe.each([0, 0.1])('smoothed by %s', (smoothing) => {
  const targets = new Float32Array(20);
  LABELS.forEach((label, i) => {
    if (label < 0) return;
    for (let j = 0; j < 5; j++) targets[i * 5 + j] = smoothing / 5 + (j === label ? 1 - smoothing : 0);
  });

  test.each([false, true])(
    'is the cross-entropy with soft targets, over tokens; overwritten %s',
    async (overwrite) => {
      const options = { smoothing, tokens: 3, overwrite };
      // where nothing is recorded the logits must stay; where it is, copies of the parameter are overwritten
      const found = await tapeGradients(
        backend,
        [logits],
        ([t]) => labelCrossEntropy(scale(t, 1), labels(), options).loss,
      );
      const expected = await tapeGradients(backend, [logits], ([t], graph) =>
        scale(sum(crossEntropy(t, graph.values(targets, [4, 5]))), 1 / 3),
      );
      expect(found.shape).toEqual([]);
      expect(found.y[0]).toBeCloseTo(expected.y[0], 5);
      expected.gradients[0]?.forEach((value, i) => {
        expect(found.gradients[0]?.[i]).toBeCloseTo(value, 6);
      });
      const error = await gradientError(
        backend,
        [logits],
        ([t]) => labelCrossEntropy(scale(t, 2), labels(), options).loss,
      );
      expect(error).toBeLessThan(1e-3);
    },
  );
});

test('likelihoods are those of the labels alone, and logits stay where nothing is recorded', async () => {
  const graph = new Graph(backend, { training: false });
  const t = graph.values(logits.data, logits.shape);
  const { likelihood } = labelCrossEntropy(t, labels(), { smoothing: 0.2, tokens: 3, overwrite: true });
  const found = await backend.read(likelihood);
  LABELS.forEach((label, i) => {
    const row = Array.from({ length: 5 }, (_, j) => logits.data[i * 5 + j]);
    const total = Math.log(row.reduce((a, value) => a + Math.exp(value), 0));
    expect(found[i]).toBeCloseTo(label < 0 ? 0 : total - row[label], 5);
  });
  expect(await graph.read(t)).toEqual(logits.data);
  graph.close();
});

test('a label beyond the classes and too few labels are named', () => {
  const graph = new Graph(backend, { training: true });
  const t = graph.values(logits.data, logits.shape);
  const wrong = backend.allocate(4, 'int32');
  backend.write(wrong, [0, 5, 0, 0]);
  expect(() => labelCrossEntropy(t, wrong, { tokens: 4 })).toThrow(
    'label 1 must be below the 5 classes, but is 5',
  );
  expect(() => labelCrossEntropy(t, backend.allocate(3, 'int32'), { tokens: 4 })).toThrow('3 labels');
  graph.close();
});
