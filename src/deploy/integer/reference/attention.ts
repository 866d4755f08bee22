/** Attention over all positions of a map, one row of one head at a time. */
import type { AttentionOperation, IntegerProgram, Value } from '../program.ts';
import { requantiser } from './requantise.ts';
import { integerSoftmax } from './softmax.ts';
import type { Stored } from './window.ts';

/** q, k, v and y: [positions, heads * d]. */
export function runAttention(
  program: IntegerProgram,
  operation: AttentionOperation,
  q: Stored,
  k: Stored,
  v: Stored,
  to: Value,
  y: Stored,
): void {
  const [h, w, c] = to.shape;
  const [positions, d] = [h * w, c / operation.heads];
  const requantise = requantiser(program, operation.requantise, to);
  const scores = new Int32Array(positions);
  for (let head = 0; head < operation.heads; head++) {
    for (let i = 0; i < positions; i++) {
      for (let j = 0; j < positions; j++) {
        scores[j] = 0;
        for (let at = head * d; at < (head + 1) * d; at++) scores[j] += q[i * c + at] * k[j * c + at];
      }
      const shares = integerSoftmax(scores, operation.multiplier, operation.shift);
      for (let at = head * d; at < (head + 1) * d; at++) {
        let acc = 0;
        for (let j = 0; j < positions; j++) acc += shares[j] * v[j * c + at];
        y[i * c + at] = requantise(acc, at);
      }
    }
  }
}
